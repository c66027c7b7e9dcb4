import { mutant } from './mutant.js';

export const secondContainerAfterLostReply = mutant(
  'second-container-after-lost-reply',
  'Makes another sandbox or container at once when the answer to the first was lost.',
  ['RT-01', 'WORK-01', 'LIFE-02'],
  {
    onAmbiguousWrite: 'tryNextAttempt',
    readySandboxesMax: 2,
  },
);
