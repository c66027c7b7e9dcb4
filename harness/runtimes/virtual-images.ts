import type { CriMethod } from '../spec/plan.js';
import type { CriRequest, CriResponse, CriResult } from '../ports/cri.js';
import type { RuntimeObserver } from '../ports/runtime.js';
import { createImageStore, type ImageStore } from './memory/images.js';

type ImageMethod = Extract<CriMethod, 'ListImages' | 'ImageStatus' | 'PullImage' | 'RemoveImage'>;

/** The images of a run with real containers: which are present is a matter of the run alone. */
export interface VirtualImages {
  readonly get: ImageStore['get'];
  readonly usedBytes: ImageStore['usedBytes'];
  /** From outside. Returns false when it was not there. */
  remove(image: string): boolean;
  readonly handlers: { readonly [Method in ImageMethod]: (request: CriRequest<Method>) => CriResult };
}

/** All containers run the workload, whatever image they name, so that no registry is needed. */
export function createVirtualImages(observer: RuntimeObserver): VirtualImages {
  const images = createImageStore();
  const ok = <Method extends ImageMethod>(response: CriResponse<Method>): CriResult => ({
    code: 'OK',
    response,
  });
  return {
    get: (name) => images.get(name),
    usedBytes: () => images.usedBytes(),
    remove(image) {
      const removed = images.remove(image);
      if (removed)
        observer.onChange({ kind: 'image', actor: 'outside', image, present: false, cause: 'outside' });
      return removed;
    },
    handlers: {
      ListImages({ filter }) {
        const name = filter?.image?.image ?? '';
        const found = name === '' ? images.list() : [images.get(name)].filter((image) => image !== undefined);
        return ok<'ListImages'>({ images: [...found] });
      },
      ImageStatus({ image: { image: name } }) {
        const image = images.get(name);
        return ok<'ImageStatus'>(image === undefined ? {} : { image });
      },
      PullImage({ image: { image } }) {
        if (images.add(image))
          observer.onChange({ kind: 'image', actor: 'runtime', image, present: true, cause: 'agent' });
        return ok<'PullImage'>({ imageRef: images.get(image)!.id });
      },
      RemoveImage({ image: { image } }) {
        if (images.remove(image))
          observer.onChange({ kind: 'image', actor: 'runtime', image, present: false, cause: 'agent' });
        return ok<'RemoveImage'>({});
      },
    },
  };
}
