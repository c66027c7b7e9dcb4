import { mutant } from './mutant.js';

export const givesUpStopping = mutant('gives-up-stopping', 'Tries each stop only once.', ['TERM-05'], {
  retriesStop: false,
});
