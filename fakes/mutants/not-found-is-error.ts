import { mutant } from './mutant.js';

export const notFoundIsError = mutant(
  'not-found-is-error',
  'Takes a thing that is already gone for a failure and tries to stop it for ever.',
  ['TERM-05', 'QUIET-02'],
  {
    treatsNotFoundAsStopped: false,
  },
);
