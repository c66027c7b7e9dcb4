import type { Suite } from '../harness/explore/suite.js';

/** Several sources at once: their union, and nothing that leaks from one to another. */
export const mux: Suite = {
  name: 'mux',
  title: 'Merging of sources',
  requirements: ['MUX-01', 'MUX-02', 'MUX-03', 'MUX-04', 'MUX-05', 'MUX-06', 'MUX-10', 'MUX-11'],
  patterns: { churn: 5, secondInput: 3, unreadySource: 6, noMeaning: 3, duplicates: 3, sharedName: 2 },
  steps: { min: 14, max: 26 },
  podsMax: 5,
};
