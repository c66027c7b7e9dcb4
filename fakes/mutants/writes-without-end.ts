import { mutant } from './mutant.js';

export const writesWithoutEnd = mutant(
  'writes-without-end',
  'Writes the status of every pod again and again although nothing has changed.',
  ['QUIET-01'],
  {
    statusNeedsWrite: () => true,
  },
);
