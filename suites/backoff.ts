import type { Suite } from '../harness/explore/suite.js';

/** Containers that crash again and again: the delay grows, is capped, and holds up nothing else. */
export const backoff: Suite = {
  name: 'backoff',
  title: 'Crash back-off',
  requirements: ['BACK-01', 'LIFE-06'],
  patterns: { containerExit: 8, initExit: 3, churn: 3, restartQuietly: 1, damage: 1, slowStop: 1 },
  workloads: { plain: 40, crashes: 40, completes: 20 },
  timings: { fast: 90, kubelet: 10 },
  podsMax: 3,
};
