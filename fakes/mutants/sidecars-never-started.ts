import { mutant } from './mutant.js';

export const sidecarsNeverStarted = mutant(
  'sidecars-never-started',
  'Does not start sidecars.',
  ['MUX-02', 'QUIET-02'],
  {
    sidecars: 'never',
  },
);
