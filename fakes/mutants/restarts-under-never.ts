import { mutant } from './mutant.js';

export const restartsUnderNever = mutant(
  'restarts-under-never',
  'Restarts containers of pods with the restart policy Never.',
  ['LIFE-06'],
  {
    shouldRestart: () => true,
  },
);
