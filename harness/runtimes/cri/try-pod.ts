import type { NamespaceOption, PodSandboxConfig } from '../../ports/cri.js';
import { workloadArguments, workloadCommand } from '../../spec/workload.js';
import { currentOwner, formatOwner } from '../leftovers/owner.js';
import { runLabels } from '../run-labels.js';
import { runtimeGone, runtimeUnable } from './cri-failures.js';
import { isUnreachable, type CriRuntime } from './cri-runtime.js';
import { askedImage } from './ensure-workload.js';
import { removePod } from './sweep.js';

/** A runtime, and the name of the workload image in it. */
export interface TrialRuntime {
  readonly runtime: CriRuntime;
  readonly image: string;
}

let triedCount = 0;

/** Namespaces that every runtime has to have, as kubelets ask for them. */
export const namespacesDefault: NamespaceOption = { network: 'POD', pid: 'CONTAINER' };
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
  { runtime, image }: TrialRuntime,
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
