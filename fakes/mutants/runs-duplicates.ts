import { mutant } from './mutant.js';

export const runsDuplicates = mutant(
  'runs-duplicates',
  'Runs every entry of a name that a source lists more than once.',
  ['MUX-06'],
  {
    chooseDuplicates: (candidates) => candidates,
  },
);
