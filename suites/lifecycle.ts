import type { Suite } from '../harness/explore/suite.js';

/** What becomes of containers and sandboxes that end, by themselves or by damage. */
export const lifecycle: Suite = {
  name: 'lifecycle',
  title: 'Container lifecycle',
  requirements: ['LIFE-01', 'LIFE-02', 'LIFE-03', 'LIFE-06', 'LIFE-09', 'WORK-06'],
  patterns: { containerExit: 5, initExit: 3, damage: 6, churn: 3, removedImage: 1, lostObservation: 2 },
  workloads: { plain: 60, completes: 18, crashes: 12, stopsSlowly: 6, ignoresTerm: 4 },
};
