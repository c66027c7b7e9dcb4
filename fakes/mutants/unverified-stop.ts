import { mutant } from './mutant.js';

export const unverifiedStop = mutant(
  'unverified-stop',
  'Reports a pod as stopped without looking whether anything still runs.',
  ['TERM-06'],
  {
    verifiesStop: false,
    mayDeleteObject: () => true,
  },
);
