import { mutant } from './mutant.js';

export const deletesObjectEarly = mutant(
  'deletes-object-early',
  'Deletes the API object while containers of the pod may still run.',
  ['TERM-06'],
  {
    mayDeleteObject: () => true,
  },
);
