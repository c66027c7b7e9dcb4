import { mutant } from './mutant.js';

export const forgetsEarlyRemovals = mutant(
  'forgets-early-removals',
  'Forgets removals that it sees before every source has delivered.',
  ['MUX-11', 'MUX-03', 'ADOPT-02'],
  {
    removalBeforeReady: 'forget',
  },
);
