import { mutant } from './mutant.js';

export const mirrorsArePods = mutant(
  'mirrors-are-pods',
  'Runs the mirrors that it finds at the API server as pods of their own.',
  ['MIRR-02', 'MUX-01', 'WORK-02'],
  {
    mirrorIsDesired: true,
  },
);
