import type { Suite } from '../harness/explore/suite.js';

/** The stream of pod updates, for agents that read no other source. */
export const feed: Suite = {
  name: 'feed',
  title: 'Pod update feed',
  requirements: ['MUX-01', 'MUX-02', 'MUX-03', 'MUX-04', 'MUX-05', 'MUX-11'],
  requires: ['feed'],
  patterns: { churn: 5, noMeaning: 3, lostObservation: 4, unreadySource: 3, slowStop: 2, secondInput: 3 },
};
