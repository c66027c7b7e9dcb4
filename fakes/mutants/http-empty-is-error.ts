import { mutant } from './mutant.js';

export const httpEmptyIsError = mutant(
  'http-empty-is-error',
  'Takes an empty answer of the manifest URL for an error.',
  ['HTTP-03'],
  {
    httpAnswer: ({ status, body }) => (status !== 200 || body.length === 0 ? 'keep' : 'pods'),
  },
);
