import { mutant } from './mutant.js';

export const deletesMirrorsEarly = mutant(
  'deletes-mirrors-early',
  'Deletes mirrors of pods that no source has listed yet before every source has delivered.',
  ['MUX-11'],
  {
    mayDeleteMirrors: () => true,
  },
);
