import { mutant } from './mutant.js';

export const ignores410 = mutant(
  'ignores-410',
  'Goes on with the old version after 410 Gone and never lists again.',
  ['API-03'],
  {
    on410: 'ignore',
  },
);
