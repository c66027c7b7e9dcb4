import { mutant } from './mutant.js';

export const idleInOutage = mutant(
  'idle-in-outage',
  'Starts and restarts nothing while the API server does not answer.',
  ['API-04'],
  {
    startsPods: ({ apiAnswers }) => apiAnswers,
  },
);
