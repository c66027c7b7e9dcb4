import { mutant } from './mutant.js';

export const initsTogether = mutant(
  'inits-together',
  'Starts all containers of a pod at once, init containers too.',
  ['LIFE-03'],
  {
    initOrder: 'together',
  },
);
