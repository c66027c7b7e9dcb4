import { mutant } from './mutant.js';

export const sidecarsUnderPodPolicy = mutant(
  'sidecars-under-pod-policy',
  'Restarts sidecars only if the policy of their pod says so.',
  ['LIFE-06', 'LIFE-09', 'BACK-01'],
  {
    sidecars: 'underPodPolicy',
  },
);
