import type { PodSandboxConfig } from '../../harness/ports/cri.js';
import type { Container, PullPolicy } from '../../harness/spec/pod.js';
import type { Timings } from '../../harness/spec/timings.js';
import type { Decisions } from './decisions.js';
import type { RuntimeCalls } from './runtime-calls.js';

/** Makes images present, with a back-off per pod and image. */
export interface ImageManager {
  /** Rejects with {@link ImageError} when the image is not there and could not, or must not, be pulled. */
  ensure(uid: string, container: Container, sandbox: PodSandboxConfig): Promise<string>;
  forget(uid: string): void;
}

export class ImageError extends Error {
  override readonly name = 'ImageError';
  constructor(
    readonly reason: 'ErrImagePull' | 'ImagePullBackOff' | 'ErrImageNeverPull',
    message: string,
    /** When it makes sense to try again, in milliseconds since the epoch. */
    readonly dueMs: number | undefined,
  ) {
    super(message);
  }
}

export function createImageManager(options: {
  readonly calls: RuntimeCalls;
  readonly timings: Timings;
  readonly decisions: Decisions;
  readonly nowMs: () => number;
}): ImageManager {
  const { calls, timings, decisions, nowMs } = options;
  const failures = new Map<string, Map<string, { delayMs: number; failedAtMs: number }>>();

  function noteFailure(uid: string, image: string): number {
    let ofPod = failures.get(uid);
    if (ofPod === undefined) failures.set(uid, (ofPod = new Map()));
    const last = ofPod.get(image);
    const isForgotten = last === undefined || nowMs() - last.failedAtMs >= timings.backoffResetMs;
    const delayMs = isForgotten ? timings.backoffInitialMs : Math.min(timings.backoffMaxMs, 2 * last.delayMs);
    ofPod.set(image, { delayMs, failedAtMs: nowMs() });
    return nowMs() + delayMs;
  }

  return {
    async ensure(uid, container, sandbox) {
      const image = withTag(container.image);
      const policy = container.imagePullPolicy ?? defaultPolicy(image);
      const present = policy === 'Always' ? false : await calls.isImagePresent(image);
      if (!decisions.pullsImage(policy, present)) {
        if (present) return image;
        throw new ImageError('ErrImageNeverPull', `image ${image} is not present`, undefined);
      }
      const last = failures.get(uid)?.get(image);
      if (last !== undefined && nowMs() < last.failedAtMs + last.delayMs) {
        const dueMs = last.failedAtMs + last.delayMs;
        throw new ImageError('ImagePullBackOff', `back-off pulling image ${image}`, dueMs);
      }
      try {
        await calls.pullImage(image, sandbox);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw new ImageError('ErrImagePull', message, noteFailure(uid, image));
      }
      failures.get(uid)?.delete(image);
      return image;
    },
    forget: (uid) => void failures.delete(uid),
  };
}

/** An image without tag and digest means its tag `latest`. */
function withTag(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  return name.includes(':') || name.includes('@') ? image : `${image}:latest`;
}

function defaultPolicy(image: string): PullPolicy {
  return image.endsWith(':latest') ? 'Always' : 'IfNotPresent';
}
