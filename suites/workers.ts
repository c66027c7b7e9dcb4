import type { Suite } from '../harness/explore/suite.js';

/** One worker a pod: inputs that overtake each other, same UID again, static replacement. */
export const workers: Suite = {
  name: 'workers',
  title: 'Pod workers and identity',
  requirements: ['WORK-01', 'WORK-02', 'WORK-03', 'WORK-04', 'WORK-06', 'TERM-03'],
  patterns: { secondInput: 6, rapidEdits: 5, readd: 6, sharedName: 3, singleError: 2, churn: 1 },
};
