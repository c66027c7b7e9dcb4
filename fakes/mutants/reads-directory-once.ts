import { mutant } from './mutant.js';

export const readsDirectoryOnce = mutant(
  'reads-directory-once',
  'Reads the manifest directory when it starts, and never again.',
  ['FILE-01', 'FILE-02', 'FILE-03', 'MUX-02'],
  {
    looksAgain: (source) => source !== 'file',
  },
);
