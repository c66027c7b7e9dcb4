import { mutant } from './mutant.js';

export const stopsOneAfterAnother = mutant(
  'stops-one-after-another',
  'Stops the containers of a pod one after another, each in its own time.',
  ['TERM-02'],
  {
    regularOrder: 'oneByOne',
  },
);
