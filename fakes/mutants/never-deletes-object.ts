import { mutant } from './mutant.js';

export const neverDeletesObject = mutant(
  'never-deletes-object',
  'Never deletes the API object of a pod whose deletion is complete.',
  ['TERM-06'],
  {
    deletesObject: false,
  },
);
