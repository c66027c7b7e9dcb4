import { mutant } from './mutant.js';

export const listErrorIsEmpty = mutant(
  'list-error-is-empty',
  'Takes a failed listing of the runtime for an empty one.',
  ['RT-05', 'ORPH-02', 'WORK-01'],
  {
    onListError: 'empty',
    onAmbiguousWrite: 'tryNextAttempt',
  },
);
