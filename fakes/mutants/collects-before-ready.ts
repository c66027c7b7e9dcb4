import { mutant } from './mutant.js';

export const collectsBeforeReady = mutant(
  'collects-before-ready',
  'Removes what is left of pods that no source has listed yet before every source has delivered.',
  ['MUX-11'],
  {
    mayRemoveUndesired: () => true,
  },
);
