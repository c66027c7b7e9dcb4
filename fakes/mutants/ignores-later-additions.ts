import { mutant } from './mutant.js';

export const ignoresLaterAdditions = mutant(
  'ignores-later-additions',
  'Starts only the pods of the first list of a source.',
  ['MUX-02'],
  {
    acceptsAddition: (_pod, isFirstDelivery) => isFirstDelivery,
  },
);
