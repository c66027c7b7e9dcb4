import type { ModelView } from '../model/model-view.js';
import { fullNameOf } from '../model/pod-meaning.js';

/** The name of a dot-file or sub-directory that holds a pod of this name; such things are no manifests. */
export function hiddenManifestOf(model: ModelView, fullName: string): string | undefined {
  return model.desired.sources
    .get('file')
    ?.held?.files?.find(
      (file) =>
        file.pod !== undefined &&
        (file.name.startsWith('.') || file.type === 'directory') &&
        fullNameOf(file.pod, 'file', model.run.nodeName) === fullName,
    )?.name;
}
