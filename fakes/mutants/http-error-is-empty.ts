import { mutant } from './mutant.js';

export const httpErrorIsEmpty = mutant(
  'http-error-is-empty',
  'Takes an error status of the manifest URL for an empty document.',
  ['HTTP-02'],
  {
    httpAnswer: ({ status, body }) => (status !== 200 || body.length === 0 ? 'none' : 'pods'),
  },
);
