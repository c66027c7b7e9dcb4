import { mutant } from './mutant.js';

export const sidecarsInOrder = mutant(
  'sidecars-in-order',
  'Stops sidecars in the order in which they were started.',
  ['TERM-02'],
  {
    sidecarOrder: 'afterInOrder',
  },
);
