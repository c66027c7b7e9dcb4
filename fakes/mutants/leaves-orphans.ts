import { mutant } from './mutant.js';

export const leavesOrphans = mutant(
  'leaves-orphans',
  'Never looks for pods that run although no source wants them.',
  ['ORPH-01', 'ADOPT-02', 'ADOPT-03'],
  {
    orphansOf: () => [],
  },
);
