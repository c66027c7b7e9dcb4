import { mutant } from './mutant.js';

export const newVersionAtOnce = mutant(
  'new-version-at-once',
  'Starts the new version of a static pod while the old one is still being terminated.',
  ['WORK-02', 'MUX-08'],
  {
    waitsForName: () => 'start',
  },
);
