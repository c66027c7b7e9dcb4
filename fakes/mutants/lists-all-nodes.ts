import { mutant } from './mutant.js';

export const listsAllNodes = mutant(
  'lists-all-nodes',
  'Lists and watches the pods of every node.',
  ['API-01'],
  {
    podSelector: () => ({}),
  },
);
