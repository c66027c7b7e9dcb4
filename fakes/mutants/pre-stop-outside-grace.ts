import { mutant } from './mutant.js';

export const preStopOutsideGrace = mutant(
  'pre-stop-outside-grace',
  'Gives containers their whole grace period after the preStop hook has used some of it.',
  ['TERM-01'],
  { stopTimeoutS: (graceS) => Math.max(2, graceS) },
);
