import { mutant } from './mutant.js';

export const stopsEndedSandboxes = mutant(
  'stops-ended-sandboxes',
  'Stops the sandbox of a pod that has ended again and again, as long as the pod is wanted.',
  ['QUIET-01'],
  {
    stopsEndedSandboxes: true,
  },
);
