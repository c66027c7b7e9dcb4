import { mutant } from './mutant.js';

export const readsUrlOnce = mutant(
  'reads-url-once',
  'Polls the manifest URL until it has answered, and never again.',
  ['HTTP-01', 'HTTP-03', 'HTTP-04'],
  {
    looksAgain: (source) => source !== 'http',
  },
);
