import type { Suite } from '../harness/explore/suite.js';

/** The manifest directory: editors, renames, rubbish, half-written files. */
export const file: Suite = {
  name: 'file',
  title: 'Manifest directory',
  requirements: ['FILE-01', 'FILE-02', 'FILE-03', 'FILE-05', 'FILE-08', 'MUX-10'],
  requires: ['file'],
  patterns: { directoryNoise: 10, churn: 3, noMeaning: 3, duplicates: 2, rapidEdits: 1, restartQuietly: 1 },
};
