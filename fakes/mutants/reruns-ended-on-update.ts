import { mutant } from './mutant.js';

export const rerunsEndedOnUpdate = mutant(
  'reruns-ended-on-update',
  'Runs the containers of a pod that have ended for good again when anything about the pod changes.',
  ['LIFE-06', 'LIFE-02'],
  { endedOnUpdate: 'runAgain' },
);
