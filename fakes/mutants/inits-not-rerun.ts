import { mutant } from './mutant.js';

export const initsNotRerun = mutant(
  'inits-not-rerun',
  'Does not run init containers again in a new sandbox.',
  ['LIFE-02'],
  {
    initsCounted: 'inAny',
  },
);
