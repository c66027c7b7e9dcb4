import { mutant } from './mutant.js';

export const startsWhenAllReady = mutant(
  'starts-when-all-ready',
  'Starts no pod before every source has delivered once.',
  ['MUX-11'],
  {
    startsPods: ({ allReady }) => allReady,
  },
);
