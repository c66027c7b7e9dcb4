import { mutant } from './mutant.js';

export const reportsAdoptedUnready = mutant(
  'reports-adopted-unready',
  'Reports the containers that it finds running when it starts again as not ready.',
  ['ADOPT-01'],
  {
    isReady: ({ isFromEarlierLife }) => !isFromEarlierLife,
  },
);
