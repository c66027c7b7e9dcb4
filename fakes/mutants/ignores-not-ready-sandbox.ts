import { mutant } from './mutant.js';

export const ignoresNotReadySandbox = mutant(
  'ignores-not-ready-sandbox',
  'Goes on in a sandbox that is no longer ready.',
  ['LIFE-01', 'LIFE-02', 'LIFE-09'],
  {
    isSandboxUsable: () => true,
  },
);
