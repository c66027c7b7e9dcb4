import { mutant } from './mutant.js';

export const keepsSandboxes = mutant(
  'keeps-sandboxes',
  'Removes dead containers but never their sandboxes.',
  ['GC-01'],
  {
    removesSandboxes: false,
  },
);
