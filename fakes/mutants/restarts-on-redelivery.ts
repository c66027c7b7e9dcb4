import { mutant } from './mutant.js';

export const restartsOnRedelivery = mutant(
  'restarts-on-redelivery',
  'Restarts a pod when only its labels or its version changed.',
  ['MUX-05', 'MUX-04', 'LIFE-08'],
  {
    classifyUpdate: (previous, next) => (previous === next ? 'none' : 'changed'),
    onMetadataChange: 'restartPod',
  },
);
