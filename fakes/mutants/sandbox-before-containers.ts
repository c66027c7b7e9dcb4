import { mutant } from './mutant.js';

export const sandboxBeforeContainers = mutant(
  'sandbox-before-containers',
  'Stops the sandbox before its containers.',
  ['TERM-02'],
  {
    stopOrder: 'sandboxFirst',
  },
);
