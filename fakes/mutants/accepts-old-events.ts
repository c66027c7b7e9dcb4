import { mutant } from './mutant.js';

export const acceptsOldEvents = mutant(
  'accepts-old-events',
  'Takes any watch event as the newest, however old it is.',
  ['API-02'],
  {
    acceptsVersion: () => true,
    acceptsListVersion: () => true,
  },
);
