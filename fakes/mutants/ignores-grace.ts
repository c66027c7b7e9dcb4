import { mutant } from './mutant.js';

export const ignoresGrace = mutant(
  'ignores-grace',
  'Gives every container two seconds to stop, whatever the pod asks for.',
  ['TERM-01', 'MUX-03'],
  {
    stopTimeoutS: () => 2,
  },
);
