import { restartDueMs } from '../agent/restart-backoff.js';
import { mutant } from './mutant.js';

export const backoffFromStart = mutant(
  'backoff-from-start',
  'Counts crash back-off from the start of the container instead of its end.',
  ['BACK-01'],
  {
    restartDueMs: (exit, timings) => restartDueMs({ ...exit, finishedAtMs: exit.startedAtMs }, timings),
  },
);
