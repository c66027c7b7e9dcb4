import { mutant } from './mutant.js';

export const sidecarsFirst = mutant(
  'sidecars-first',
  'Stops sidecars before the regular containers.',
  ['TERM-02'],
  {
    sidecarOrder: 'first',
  },
);
