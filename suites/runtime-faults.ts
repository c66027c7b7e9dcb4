import type { Suite } from '../harness/explore/suite.js';

/** Errors, lost replies and stale answers of the container runtime. */
export const runtimeFaults: Suite = {
  name: 'runtime-faults',
  title: 'Runtime faults',
  requirements: ['RT-01', 'RT-05', 'WORK-01', 'WORK-06', 'TERM-05', 'LIFE-01', 'LIFE-02', 'ORPH-02'],
  reachesFar: true,
  patterns: {
    singleError: 8,
    staleAnswer: 7,
    lostObservation: 4,
    crashBetweenCalls: 3,
    runtimeConditions: 3,
    churn: 2,
  },
};
