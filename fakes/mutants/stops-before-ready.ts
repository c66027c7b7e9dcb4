import { mutant } from './mutant.js';

export const stopsBeforeReady = mutant(
  'stops-before-ready',
  'Stops pods that no source has listed yet before every source has delivered.',
  ['MUX-11'],
  {
    mayStopUndesired: () => true,
  },
);
