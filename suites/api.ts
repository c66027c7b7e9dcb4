import type { Suite } from '../harness/explore/suite.js';

/** The API server: watches that end, 410 Gone, outages, graceful deletion. */
export const api: Suite = {
  name: 'api',
  title: 'API server and watch disruption',
  requirements: ['API-01', 'API-02', 'API-03', 'API-04', 'MUX-04', 'TERM-06'],
  requires: ['api'],
  reachesFar: true,
  patterns: {
    apiTrouble: 10,
    churn: 3,
    noMeaning: 2,
    reportedEarly: 3,
    slowStop: 2,
    sharedName: 1,
    unreadySource: 1,
  },
};
