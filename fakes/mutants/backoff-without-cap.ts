import { restartDueMs } from '../agent/restart-backoff.js';
import { mutant } from './mutant.js';

export const backoffWithoutCap = mutant(
  'backoff-without-cap',
  'Doubles crash back-off without a cap.',
  ['BACK-01', 'QUIET-02'],
  {
    restartDueMs: (exit, timings) => restartDueMs(exit, { ...timings, backoffMaxMs: Infinity }),
  },
);
