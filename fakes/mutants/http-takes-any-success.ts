import { mutant } from './mutant.js';

export const httpTakesAnySuccess = mutant(
  'http-takes-any-success',
  'Takes what the manifest URL answers with any status of success for the document.',
  ['HTTP-02'],
  {
    httpAnswer: ({ status, body }) =>
      status < 200 || status > 299 ? 'keep' : body.length === 0 ? 'none' : 'pods',
  },
);
