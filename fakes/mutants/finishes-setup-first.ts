import { mutant } from './mutant.js';

export const finishesSetupFirst = mutant(
  'finishes-setup-first',
  'Goes on starting containers of a pod that is being deleted.',
  ['TERM-03', 'TERM-04'],
  {
    interruptsSetup: false,
    startsWhileTerminating: true,
  },
);
