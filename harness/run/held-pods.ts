import { isSidecar, restartPolicyOf, restartsAfter } from '../model/pod-meaning.js';
import type { Container, Pod, SourceKind } from '../spec/pod.js';
import type { ContainerChanged, SandboxChanged, TraceEvent } from '../trace/events.js';
import type { RuntimeView } from './runtime-view.js';

/** The pods that the sources hold, as the journal tells it. */
export interface HeldPods {
  /** To be told every event of the run. */
  onEvent(event: TraceEvent): void;
  /**
   * Whether the pods of the runtime are these and no others, every container running or at its end. Strict: a pod that is
   * not to run, or that is being deleted, is held and is not in place.
   */
  areInPlace(view: RuntimeView): boolean;
}

export function createHeldPods(nodeName: string): HeldPods {
  const bySource = new Map<SourceKind, readonly Pod[]>();
  return {
    onEvent(event) {
      if (event.kind === 'source.held') bySource.set(event.source, event.pods);
    },
    areInPlace(view) {
      const held = [...bySource.values()].flat();
      const sandboxes = [...view.sandboxes()];
      const containers = [...view.containers()];
      const accounted = new Set<string>();
      for (const pod of held) {
        if (pod.metadata.deletionTimestamp !== undefined) return false;
        const sandbox = sandboxes.findLast((each) => isOf(each, pod, nodeName));
        if (sandbox === undefined) return false;
        accounted.add(sandbox.id);
        const inSandbox = containers.filter(({ sandboxId }) => sandboxId === sandbox.id);
        if (!needed(pod).every(({ name }) => isInPlace(pod, name, sandbox, inSandbox))) return false;
      }
      return (
        sandboxes.every(({ id, state }) => state !== 'ready' || accounted.has(id)) &&
        containers.every(({ sandboxId, state }) => state !== 'running' || accounted.has(sandboxId))
      );
    },
  };
}

/** Static pods get a UID from the agent where their manifests have none, and the node's name behind their own. */
function isOf(sandbox: SandboxChanged, { metadata }: Pod, nodeName: string): boolean {
  if (metadata.uid !== undefined) return sandbox.podUid === metadata.uid;
  return (
    sandbox.podNamespace === (metadata.namespace ?? 'default') &&
    (sandbox.podName === metadata.name || sandbox.podName === `${metadata.name}-${nodeName}`)
  );
}

/** Containers that are there for as long as the pod is. Init containers come before them, and may be collected. */
function needed(pod: Pod): readonly Container[] {
  const sidecars = pod.spec.initContainers?.filter(({ name }) => isSidecar(pod, name)) ?? [];
  return [...sidecars, ...pod.spec.containers];
}

function isInPlace(
  pod: Pod,
  name: string,
  sandbox: SandboxChanged,
  inSandbox: readonly ContainerChanged[],
): boolean {
  const own = inSandbox.filter((container) => container.name === name);
  if (own.some(({ state }) => state === 'running')) return sandbox.state === 'ready';
  const latest = own.at(-1);
  // What has ended for good needs no sandbox any more.
  return latest?.state === 'exited' && !restartsAfter(restartPolicyOf(pod, name), latest.exitCode ?? 137);
}
