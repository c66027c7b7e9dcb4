import { mutant } from './mutant.js';

export const firstEditWins = mutant(
  'first-edit-wins',
  'Of several quick edits it applies the first: a version that waits is never dropped.',
  ['WORK-03', 'QUIET-02'],
  {
    dropsWaiting: false,
  },
);
