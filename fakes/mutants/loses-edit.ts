import { mutant } from './mutant.js';

export const losesEdit = mutant(
  'loses-edit',
  'Forgets the new version of a static pod when the old one is still being terminated.',
  ['WORK-02', 'WORK-03', 'MUX-02'],
  {
    waitsForName: ({ terminating }) => (terminating ? 'forget' : 'wait'),
  },
);
