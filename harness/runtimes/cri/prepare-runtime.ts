import { HarnessError } from '../../core/errors.js';
import { runtimeUnable } from './cri-failures.js';
import { assureReady, connectRuntime } from './cri-runtime.js';
import { ensureWorkload } from './ensure-workload.js';
import { createRefusalWatch, type RefusalWatch } from './refusal-watch.js';
import { sweepPods } from './sweep.js';
import { namespacesDefault, tryPod, type TrialRuntime } from './try-pod.js';

/** What every run on a CRI runtime needs. The workload image is there. */
export interface PreparedRuntime extends TrialRuntime {
  /** Of all runs in this process together. */
  readonly refusals: RefusalWatch;
}

const prepared = new Map<string, Promise<PreparedRuntime>>();

/**
 * Connects, removes the pods of harness processes that were killed, sees to the workload image and runs a first pod;
 * once per process and endpoint, since runs follow each other quickly. After a failure the next call tries again.
 */
export function prepareRuntime(endpoint: string): Promise<PreparedRuntime> {
  let known = prepared.get(endpoint);
  if (known === undefined) {
    known = prepare(endpoint).catch((error: unknown) => {
      prepared.delete(endpoint);
      throw error;
    });
    prepared.set(endpoint, known);
  }
  return known;
}

/** The runtime has stopped answering: the next run connects again. */
export function forgetRuntime(endpoint: string): void {
  prepared.delete(endpoint);
}

async function prepare(endpoint: string): Promise<PreparedRuntime> {
  const runtime = await connectRuntime(endpoint);
  try {
    await assureReady(runtime);
    await sweepPods(runtime);
    const image = await ensureWorkload(runtime);
    await tryPod({ runtime, image });
    return { runtime, image, refusals: createRefusalWatch({ runtime, image }) };
  } catch (error) {
    runtime.close();
    throw error instanceof HarnessError ? error : runtimeUnable(endpoint, error, namespacesDefault);
  }
}
