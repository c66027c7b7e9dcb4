import type { Suite } from '../harness/explore/suite.js';

/** The end of pods: grace, order, retries, and nothing reported before it is true. */
export const termination: Suite = {
  name: 'termination',
  title: 'Termination',
  requirements: ['TERM-01', 'TERM-02', 'TERM-03', 'TERM-05', 'TERM-06', 'MUX-03', 'MUX-04'],
  patterns: { slowStop: 8, reportedEarly: 5, singleError: 3, secondInput: 2, readd: 2, crashBetweenCalls: 2 },
  workloads: { plain: 55, stopsSlowly: 25, ignoresTerm: 14, completes: 3, crashes: 3 },
};
