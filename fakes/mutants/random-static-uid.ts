import { sha256 } from '../../harness/core/hash.js';
import { staticHash } from '../agent/sources/static-pod.js';
import { mutant } from './mutant.js';

export const randomStaticUid = mutant(
  'random-static-uid',
  'Gives a static pod another UID in each life of the agent.',
  ['MUX-10', 'ADOPT-01'],
  {
    staticHash: (raw, origin) => sha256(`${staticHash(raw, origin)} ${origin.lifeMs}`).slice(0, 32),
  },
);
