import { mutant } from './mutant.js';

export const badFileDropsAll = mutant(
  'bad-file-drops-all',
  'One bad file in the directory takes the pods of the good ones down.',
  ['FILE-05'],
  {
    onBadFile: 'dropAll',
  },
);
