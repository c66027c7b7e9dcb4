import { mutant } from './mutant.js';

export const ignoresDeletionTimestamp = mutant(
  'ignores-deletion-timestamp',
  'Goes on running pods that are being deleted at the API server.',
  ['MUX-04', 'TERM-06'],
  {
    isTerminating: () => false,
  },
);
