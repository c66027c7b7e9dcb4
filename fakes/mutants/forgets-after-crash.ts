import { mutant } from './mutant.js';

export const forgetsAfterCrash = mutant(
  'forgets-after-crash',
  'Ignores what a life before left running, and never stops it.',
  ['ADOPT-02', 'ADOPT-03', 'ORPH-01', 'GC-01'],
  {
    onAdoption: 'ignore',
  },
);
