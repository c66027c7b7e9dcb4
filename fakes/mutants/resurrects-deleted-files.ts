import { mutant } from './mutant.js';

export const resurrectsDeletedFiles = mutant(
  'resurrects-deleted-files',
  'Keeps the pods of deleted files in its list and starts them again with the next change.',
  ['FILE-08', 'FILE-02', 'MUX-03'],
  {
    keepsDeletedFile: true,
  },
);
