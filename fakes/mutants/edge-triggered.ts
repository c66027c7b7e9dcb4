import { mutant } from './mutant.js';

export const edgeTriggered = mutant(
  'edge-triggered',
  'Acts on messages only: a failed or missed step is never looked at again.',
  ['WORK-06', 'QUIET-02', 'LIFE-09'],
  {
    retryDelayMs: () => undefined,
    resyncDelayMs: () => undefined,
  },
);
