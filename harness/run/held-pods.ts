import { isSidecar, restartPolicyOf, restartsAfter } from '../model/pod-meaning.js';
import type { Container, Pod, SourceKind } from '../spec/pod.js';
import type { ContainerChanged, SandboxChanged, TraceEvent } from '../trace/events.js';
import type { RuntimeView } from './runtime-view.js';

/** The pods that the sources hold, as the journal tells it. */
export interface HeldPods {
  /** To be told every event of the run. */
  onEvent(event: TraceEvent): void;
  /**
   * Whether the pods of the runtime are these and no others, every container running. Strict: where it is not certain, as
   * with a name that is held twice, or with a pod that is not to run or is being deleted, it says no.
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
      const sandboxes = [...view.sandboxes()];
      const containers = [...view.containers()];
      const names = new Set<string>();
      const accounted = new Set<string>();
      for (const [source, pods] of bySource) {
        for (const pod of pods) {
          const { namespace = 'default', name, deletionTimestamp } = pod.metadata;
          const sandbox = sandboxes.findLast((each) => isOf(each, pod, nodeName));
          if (deletionTimestamp !== undefined || sandbox === undefined) return false;
          if (names.has(`${namespace}/${name}`) || accounted.has(sandbox.id)) return false;
          names.add(`${namespace}/${name}`);
          accounted.add(sandbox.id);
          const inSandbox = containers.filter(({ sandboxId }) => sandboxId === sandbox.id);
          const isThere = (container: Container): boolean =>
            (sandbox.state === 'ready' && runs(container.name, inSandbox)) ||
            // Elsewhere it may be a version before that has ended, or the pod as it was before it was taken out and put back.
            (source === 'api' && hasEnded(pod, container.name, inSandbox));
          if (!needed(pod).every(isThere)) return false;
        }
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

function runs(name: string, containers: readonly ContainerChanged[]): boolean {
  return containers.some((container) => container.name === name && container.state === 'running');
}

/** It is not started again, and needs no sandbox any more. */
function hasEnded(pod: Pod, name: string, containers: readonly ContainerChanged[]): boolean {
  const latest = containers.findLast((container) => container.name === name);
  return latest?.state === 'exited' && !restartsAfter(restartPolicyOf(pod, name), latest.exitCode ?? 137);
}
