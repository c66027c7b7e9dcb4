import { hasLiveParts } from '../agent/types.js';
import { mutant } from './mutant.js';

export const orphansFromOldListing = mutant(
  'orphans-from-old-listing',
  'Takes a pod for an orphan on the word of a listing alone, as long as any source is silent on it.',
  ['ORPH-02', 'MUX-11', 'ADOPT-01'],
  {
    orphansOf: (records) => [...records].filter(hasLiveParts),
  },
);
