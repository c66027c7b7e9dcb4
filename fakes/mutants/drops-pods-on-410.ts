import { mutant } from './mutant.js';

export const dropsPodsOn410 = mutant(
  'drops-pods-on-410',
  'Drops all pods of the API server when a watch answers 410 Gone.',
  ['API-03', 'MUX-01'],
  {
    on410: 'relistFromEmpty',
  },
);
