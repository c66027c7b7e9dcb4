import { mutant } from './mutant.js';

export const readsDotFiles = mutant(
  'reads-dot-files',
  'Takes hidden files of the manifest directory for manifests.',
  ['FILE-01', 'WORK-02', 'MUX-06'],
  {
    isManifestName: () => true,
  },
);
