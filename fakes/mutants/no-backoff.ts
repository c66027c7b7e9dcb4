import { mutant } from './mutant.js';

export const noBackoff = mutant(
  'no-backoff',
  'Restarts crashing containers at once, for ever.',
  ['BACK-01'],
  {
    restartDueMs: ({ finishedAtMs }) => finishedAtMs,
  },
);
