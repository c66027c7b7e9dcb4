import type { Suite } from '../harness/explore/suite.js';

/** Long and mixed histories under every set of periods: in the end all is as desired, and quiet. */
export const convergence: Suite = {
  name: 'convergence',
  title: 'Convergence and quiet',
  requirements: ['QUIET-01', 'QUIET-02', 'WORK-03', 'WORK-06', 'MUX-05', 'ADOPT-01'],
  patterns: {
    churn: 4,
    secondInput: 3,
    rapidEdits: 2,
    readd: 2,
    noMeaning: 3,
    lostObservation: 3,
    singleError: 2,
    restartQuietly: 2,
    damage: 2,
    sharedName: 1,
  },
  timings: { fast: 50, slowResync: 40, kubelet: 10 },
  steps: { min: 16, max: 30 },
};
