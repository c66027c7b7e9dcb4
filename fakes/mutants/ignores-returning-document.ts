import { mutant } from './mutant.js';

export const ignoresReturningDocument = mutant(
  'ignores-returning-document',
  'Ignores a document of the manifest URL that it has seen at any time before.',
  ['HTTP-04'],
  {
    isNewDocument: (text, _last, earlier) => !earlier.has(text),
  },
);
