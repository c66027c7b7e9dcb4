import { mutant } from './mutant.js';

export const extendsGrace = mutant(
  'extends-grace',
  'A later request with a longer grace period prolongs a termination that has begun.',
  ['TERM-01'],
  {
    laterGraceS: (currentS, requestedS) => Math.max(currentS, requestedS),
  },
);
