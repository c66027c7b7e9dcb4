import { HarnessError } from '../../core/errors.js';
import type { NamespaceOption, PodSandboxConfig } from '../../ports/cri.js';
import { workloadArguments, workloadCommand } from '../../spec/workload.js';
import { currentOwner, formatOwner } from '../leftovers/owner.js';
import { runLabels } from '../run-labels.js';
import { runtimeGone, runtimeUnable } from './cri-failures.js';
import type { CriRuntime } from './cri-runtime.js';
import { assureReady, connectRuntime, isUnreachable } from './cri-runtime.js';
import { askedImage, ensureWorkload } from './ensure-workload.js';
import { removePod, sweepPods } from './sweep.js';

/** What every run on a CRI runtime needs. */
export interface PreparedRuntime {
  readonly runtime: CriRuntime;
  /** Name of the workload image, which is there. */
  readonly image: string;
  /** Of all runs in this process together. */
  readonly agents: AgentsInRuntime;
}

/** How a runtime gets on with the agents that use it. */
export interface AgentsInRuntime {
  /** It has started a container for one. */
  haveRun: boolean;
  /** What it refused before that. */
  refusals: number;
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
    return { runtime, image, agents: { haveRun: false, refusals: 0 } };
  } catch (error) {
    runtime.close();
    throw error instanceof HarnessError ? error : runtimeUnable(endpoint, error, namespacesDefault);
  }
}

let triedCount = 0;

/** Namespaces that every runtime has to have, as kubelets ask for them. */
const namespacesDefault: NamespaceOption = { network: 'POD', pid: 'CONTAINER' };
/** What a sandbox may ask for. */
const sandboxModes: Readonly<Record<keyof NamespaceOption, readonly string[]>> = {
  network: ['POD', 'NODE'],
  pid: ['POD', 'CONTAINER', 'NODE'],
  ipc: ['POD', 'NODE'],
};

/**
 * Of an agent's sandbox, for a trial: some runtimes make pods of other namespaces in another way, and one of the ways
 * may be broken. Undefined when it asks for what there is not, which is its own doing.
 */
export function namespacesOf(config: PodSandboxConfig | undefined): NamespaceOption | undefined {
  if (config === undefined) return undefined;
  const asked = config.linux?.securityContext?.namespaceOptions ?? {};
  // Absent, they are the first of the enumeration.
  const { network = 'POD', pid = 'POD', ipc = 'POD' } = asked;
  const namespaces = { network, pid, ipc };
  const isKnown = (kind: keyof NamespaceOption): boolean => sandboxModes[kind].includes(namespaces[kind]);
  return isKnown('network') && isKnown('pid') && isKnown('ipc') ? namespaces : undefined;
}

/**
 * Runs a pod of the suite's own and removes it: whoever cannot run this one cannot be used, whatever agents ask of
 * it. Rejects with a HarnessError.
 */
export async function tryPod(
  { runtime, image }: Pick<PreparedRuntime, 'runtime' | 'image'>,
  namespaceOptions = namespacesDefault,
): Promise<void> {
  const run = `trial-${process.pid}-${++triedCount}`;
  const labels = { [runLabels.run]: run, [runLabels.owner]: formatOwner(currentOwner()) };
  // CRI-O refuses a container whose namespaces are not those of its sandbox.
  const linux = { securityContext: { namespaceOptions } };
  const config = {
    metadata: { name: 'trial', uid: run, namespace: 'conformance', attempt: 0 },
    labels,
    linux,
  };
  try {
    const { podSandboxId } = await runtime.call('RunPodSandbox', { config });
    try {
      const { containerId } = await runtime.call('CreateContainer', {
        podSandboxId,
        config: {
          metadata: { name: 'trial', attempt: 0 },
          image: askedImage(image),
          command: [workloadCommand],
          args: workloadArguments({ runMs: 0 }),
          labels,
          linux,
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
      : runtimeUnable(runtime.endpoint, error, namespaceOptions);
  }
}
