import { mutant } from './mutant.js';

export const watchOnce = mutant(
  'watch-once',
  'Does not open a watch again after it has ended.',
  ['API-02', 'MUX-02', 'MUX-03'],
  {
    onWatchEnd: 'giveUp',
  },
);
