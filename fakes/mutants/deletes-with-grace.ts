import { mutant } from './mutant.js';

export const deletesWithGrace = mutant(
  'deletes-with-grace',
  'Deletes the API object of a pod that has stopped without asking for a grace period of zero.',
  ['TERM-06'],
  {
    deletesWithoutGrace: false,
  },
);
