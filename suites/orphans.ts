import type { Suite } from '../harness/explore/suite.js';

/** What runs and is in no source, and what is left behind. */
export const orphans: Suite = {
  name: 'orphans',
  title: 'Orphans and garbage collection',
  requirements: ['ORPH-01', 'ORPH-02', 'GC-01', 'RT-05'],
  reachesFar: true,
  patterns: { orphan: 9, staleAnswer: 3, unreadySource: 3, churn: 2, restartCatchUp: 2, slowStop: 1 },
};
