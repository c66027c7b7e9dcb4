import { mutant } from './mutant.js';

export const ignoresUnknownExtensions = mutant(
  'ignores-unknown-extensions',
  'Reads manifests only from files that end in .yaml, .yml or .json.',
  ['FILE-01'],
  {
    isManifestName: (name) => !name.startsWith('.') && /\.(ya?ml|json)$/.test(name),
  },
);
