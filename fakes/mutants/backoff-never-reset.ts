import { nextStreak, restartDueMs } from '../agent/restart-backoff.js';
import { mutant } from './mutant.js';

export const backoffNeverReset = mutant(
  'backoff-never-reset',
  'Never forgets a series of crashes, however long the container ran since or whatever it became.',
  ['BACK-01', 'BACK-02'],
  {
    restartDueMs: (exit, timings) => restartDueMs({ ...exit, startedAtMs: 0, isChanged: false }, timings),
    nextStreak: (exit, timings) => nextStreak({ ...exit, startedAtMs: 0, isChanged: false }, timings),
  },
);
