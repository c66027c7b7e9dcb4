import { mutant } from './mutant.js';

export const startsAgainAfterCrash = mutant(
  'starts-again-after-crash',
  'Stops and starts every pod that it finds running when it comes up.',
  ['ADOPT-01'],
  {
    onAdoption: 'restart',
  },
);
