import { mutant } from './mutant.js';

export const backoffSharedInPod = mutant(
  'backoff-shared-in-pod',
  'Lets a container wait for the crashes of the other containers of its pod.',
  ['BACK-01', 'LIFE-06', 'LIFE-09'],
  {
    crashesCounted: 'perPod',
  },
);
