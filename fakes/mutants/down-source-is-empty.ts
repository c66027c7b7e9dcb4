import { mutant } from './mutant.js';

export const downSourceIsEmpty = mutant(
  'down-source-is-empty',
  'Takes a source that cannot be reached for an empty one.',
  ['HTTP-02', 'MUX-01', 'API-04'],
  {
    onSourceError: () => 'empty',
  },
);
