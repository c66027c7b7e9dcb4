import type { Suite } from '../harness/explore/suite.js';

/** The manifest URL: status codes, empty and broken documents, an old document that returns. */
export const http: Suite = {
  name: 'http',
  title: 'Manifest URL',
  requirements: ['HTTP-01', 'HTTP-02', 'HTTP-03', 'HTTP-04', 'HTTP-05', 'MUX-10'],
  requires: ['http'],
  reachesFar: true,
  patterns: { httpTrouble: 10, churn: 3, noMeaning: 2, duplicates: 2, unreadySource: 2 },
};
