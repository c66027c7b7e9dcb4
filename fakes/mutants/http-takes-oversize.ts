import { mutant } from './mutant.js';

export const httpTakesOversize = mutant(
  'http-takes-oversize',
  'Reads documents of the manifest URL of any length.',
  ['HTTP-02'],
  {
    documentBytesMax: 1_000 * 1024 * 1024,
  },
);
