import { mutant } from './mutant.js';

export const ignoresRemovals = mutant(
  'ignores-removals',
  'Never stops a pod that has left its source.',
  ['MUX-03', 'FILE-02', 'HTTP-03'],
  {
    waitsForRemoval: 'ignore',
  },
);
