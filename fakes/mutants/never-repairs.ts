import { mutant } from './mutant.js';

export const neverRepairs = mutant(
  'never-repairs',
  'Does not notice containers that were removed from outside.',
  ['LIFE-09'],
  {
    repairsRemoved: false,
  },
);
