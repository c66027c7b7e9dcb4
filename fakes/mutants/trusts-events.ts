import { mutant } from './mutant.js';

/** Longer than any run. */
const neverMs = 86_400_000;

export const trustsEvents = mutant(
  'trusts-events',
  'Lists the runtime once and then relies on its events, so that one lost event is never made up for.',
  ['RT-06', 'LIFE-06', 'LIFE-09', 'ORPH-01'],
  { relistPeriodMs: (timings, hasListed) => (hasListed ? neverMs : timings.relistMs) },
);
