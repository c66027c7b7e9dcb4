import { HarnessError } from '../../core/errors.js';
import { workloadArguments, workloadCommand } from '../../spec/workload.js';
import { currentOwner, formatOwner } from '../leftovers/owner.js';
import { runLabels } from '../run-labels.js';
import { runtimeGone, runtimeUnable } from './cri-failures.js';
import type { CriRuntime } from './cri-runtime.js';
import { assureReady, connectRuntime, isUnreachable } from './cri-runtime.js';
import { ensureWorkload } from './ensure-workload.js';
import { removePod, sweepPods } from './sweep.js';

/** What every run on a CRI runtime needs. */
export interface PreparedRuntime {
  readonly runtime: CriRuntime;
  /** Name of the workload image, which is there. */
  readonly image: string;
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

async function prepare(endpoint: string): Promise<PreparedRuntime> {
  const runtime = await connectRuntime(endpoint);
  try {
    await assureReady(runtime);
    await sweepPods(runtime);
    const image = await ensureWorkload(runtime);
    await tryPod({ runtime, image });
    return { runtime, image };
  } catch (error) {
    runtime.close();
    throw error instanceof HarnessError ? error : runtimeUnable(endpoint, error);
  }
}

let triedCount = 0;

/**
 * Runs a pod of the suite's own and removes it: whoever cannot run this one cannot be used, whatever agents ask of
 * it. Rejects with a HarnessError.
 */
export async function tryPod({ runtime, image }: PreparedRuntime): Promise<void> {
  const run = `trial-${process.pid}-${++triedCount}`;
  const labels = { [runLabels.run]: run, [runLabels.owner]: formatOwner(currentOwner()) };
  const config = {
    metadata: { name: 'trial', uid: run, namespace: 'conformance', attempt: 0 },
    labels,
    linux: { securityContext: { namespaceOptions: { network: 'POD', pid: 'CONTAINER' } as const } },
  };
  try {
    const { podSandboxId } = await runtime.call('RunPodSandbox', { config });
    try {
      const { containerId } = await runtime.call('CreateContainer', {
        podSandboxId,
        config: {
          metadata: { name: 'trial', attempt: 0 },
          image: { image },
          command: [workloadCommand],
          args: workloadArguments({ runMs: 0 }),
          labels,
          linux: {},
        },
        sandboxConfig: config,
      });
      await runtime.call('StartContainer', { containerId });
    } finally {
      await removePod(runtime, podSandboxId);
    }
  } catch (error) {
    throw isUnreachable(error)
      ? runtimeGone(runtime.endpoint, error)
      : runtimeUnable(runtime.endpoint, error);
  }
}
