import { sha256 } from '../../harness/core/hash.js';
import { staticHash } from '../agent/sources/static-pod.js';
import { mutant } from './mutant.js';

export const restartsOnComment = mutant(
  'restarts-on-comment',
  'Derives the identity of a static pod from its text, so that a comment restarts it.',
  ['MUX-10', 'MUX-05'],
  {
    staticHash: (raw, origin) =>
      staticHash(raw, { ...origin, address: `${origin.address}#${sha256(origin.text)}` }),
  },
);
