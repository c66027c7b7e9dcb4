import { mutant } from './mutant.js';

export const keepsDeadContainers = mutant(
  'keeps-dead-containers',
  'Never removes anything of pods that are gone.',
  ['GC-01'],
  {
    removesContainers: false,
    removesSandboxes: false,
  },
);
