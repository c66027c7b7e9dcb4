import { mutant } from './mutant.js';

export const losesReadd = mutant(
  'loses-readd',
  'Ignores a pod that is listed again while it is still being terminated.',
  ['WORK-04'],
  {
    readdDuringTermination: 'forget',
  },
);
