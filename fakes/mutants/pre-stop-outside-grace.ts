import { mutant } from './mutant.js';

export const preStopOutsideGrace = mutant(
  'pre-stop-outside-grace',
  'Adds the time that a preStop hook took to the grace period instead of taking it off.',
  ['TERM-01'],
  { stopTimeoutS: (graceS, elapsedMs) => Math.max(2, graceS + Math.ceil(elapsedMs / 1_000)) },
);
