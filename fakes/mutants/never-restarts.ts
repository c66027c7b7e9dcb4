import { mutant } from './mutant.js';

export const neverRestarts = mutant(
  'never-restarts',
  'Does not restart containers that have ended.',
  ['LIFE-06', 'BACK-01', 'LIFE-09'],
  {
    shouldRestart: () => false,
  },
);
