import { mutant } from './mutant.js';

export const givesUpFeed = mutant(
  'gives-up-feed',
  'Does not subscribe to the feed again after its stream has ended.',
  ['MUX-02', 'MUX-03', 'MUX-04'],
  {
    onFeedEnd: 'giveUp',
  },
);
