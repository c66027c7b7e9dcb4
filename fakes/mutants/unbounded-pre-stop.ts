import { mutant } from './mutant.js';

export const unboundedPreStop = mutant(
  'unbounded-pre-stop',
  'Sets no bound on preStop hooks, which may use up far more than the grace period.',
  ['TERM-01'],
  {
    boundsPreStop: false,
  },
);
