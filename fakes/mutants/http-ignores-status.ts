import { mutant } from './mutant.js';

export const httpIgnoresStatus = mutant(
  'http-ignores-status',
  'Takes what the manifest URL answers for the document, whatever the status.',
  ['HTTP-02'],
  {
    httpAnswer: ({ body }) => (body.length === 0 ? 'none' : 'pods'),
  },
);
