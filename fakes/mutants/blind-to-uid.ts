import { fullNameOf } from '../agent/mux.js';
import { mutant } from './mutant.js';

export const blindToUid = mutant(
  'blind-to-uid',
  'Tells pods apart by name only, so that another UID of the same name counts as an edit.',
  ['MUX-10', 'WORK-02', 'MUX-02', 'API-06', 'WORK-03'],
  {
    keyOf: fullNameOf,
  },
);
