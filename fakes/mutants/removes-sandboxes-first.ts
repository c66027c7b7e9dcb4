import { mutant } from './mutant.js';

export const removesSandboxesFirst = mutant(
  'removes-sandboxes-first',
  'Removes the sandboxes of a pod that has ended before the containers in them.',
  ['GC-01'],
  {
    removalOrder: 'sandboxesThenContainers',
  },
);
