import { mutant } from './mutant.js';

export const actsOnStaleView = mutant(
  'acts-on-stale-view',
  'Decides on a listing older than its own last write.',
  ['WORK-01', 'RT-01', 'LIFE-02', 'QUIET-02'],
  {
    remembersOwnWrites: false,
    readySandboxesMax: 2,
  },
);
