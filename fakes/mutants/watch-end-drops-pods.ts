import { mutant } from './mutant.js';

export const watchEndDropsPods = mutant(
  'watch-end-drops-pods',
  'Takes the end of a watch for the end of its pods, and lists them anew.',
  ['API-02', 'API-04'],
  { onWatchEnd: 'forget' },
);
