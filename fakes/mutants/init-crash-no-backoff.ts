import { restartDueMs } from '../agent/restart-backoff.js';
import { mutant } from './mutant.js';

export const initCrashNoBackoff = mutant(
  'init-crash-no-backoff',
  'Starts init containers that have failed again at once.',
  ['BACK-01'],
  {
    restartDueMs: (exit, timings) => (exit.isInit ? exit.finishedAtMs : restartDueMs(exit, timings)),
  },
);
