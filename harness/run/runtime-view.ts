import type { CallTarget, ContainerChanged, SandboxChanged } from '../trace/events.js';
import type { CriMethod } from '../spec/plan.js';
import type { RuntimeChange } from '../ports/runtime.js';
import { Keys } from '../spec/pod.js';

/** What the harness knows of the objects behind the CRI, from their changes: who an id belongs to. */
export interface RuntimeView {
  observe(change: RuntimeChange): void;
  /** Whom a call concerns. */
  target(method: CriMethod, request: object): CallTarget;
  container(id: string): ContainerChanged | undefined;
  /** Containers not removed, in the order of their creation. */
  containers(): Iterable<ContainerChanged>;
  /** Sandboxes not removed, in the order of their creation. */
  sandboxes(): Iterable<SandboxChanged>;
}

interface AnyRequest {
  readonly config?: {
    readonly metadata?: { readonly name?: string; readonly uid?: string; readonly namespace?: string };
  };
  readonly podSandboxId?: string;
  readonly containerId?: string;
  readonly filter?: {
    readonly id?: string;
    readonly podSandboxId?: string;
    readonly labelSelector?: Readonly<Record<string, string>>;
  } | null;
}

/** The target of calls that concern no pod in particular. */
export const nobody: CallTarget = {};

export function createRuntimeView(): RuntimeView {
  const sandboxes = new Map<string, SandboxChanged>();
  const containers = new Map<string, ContainerChanged>();

  function ofSandbox(sandboxId: string): CallTarget {
    const known = sandboxes.get(sandboxId);
    if (known === undefined) return { sandboxId };
    return { podUid: known.podUid, podNamespace: known.podNamespace, podName: known.podName, sandboxId };
  }

  function ofContainer(containerId: string): CallTarget {
    const known = containers.get(containerId);
    if (known === undefined) return { containerId };
    const { podUid, podNamespace, podName, sandboxId, name } = known;
    return { podUid, podNamespace, podName, sandboxId, container: name, containerId };
  }

  return {
    observe(change) {
      if (change.kind === 'sandbox') {
        if (change.state === 'removed') sandboxes.delete(change.id);
        else sandboxes.set(change.id, change);
      } else if (change.kind === 'container') {
        if (change.state === 'removed') containers.delete(change.id);
        else containers.set(change.id, change);
      }
    },
    target(method, request) {
      if (method === 'Status') return nobody;
      const message = request as AnyRequest;
      // Most calls are lists; their requests have none of the fields that are looked for below.
      if (method === 'ListContainers' || method === 'ListPodSandbox') return ofFilter(message);
      if (method === 'RunPodSandbox') {
        const metadata = message.config?.metadata;
        return {
          podUid: metadata?.uid ?? '',
          podNamespace: metadata?.namespace ?? '',
          podName: metadata?.name ?? '',
        };
      }
      if (method === 'CreateContainer') {
        const name = message.config?.metadata?.name;
        return {
          ...ofSandbox(message.podSandboxId ?? ''),
          ...(name === undefined ? {} : { container: name }),
        };
      }
      if (message.containerId !== undefined) return ofContainer(message.containerId);
      if (message.podSandboxId !== undefined) return ofSandbox(message.podSandboxId);
      return ofFilter(message);
    },
    container: (id) => containers.get(id),
    containers: () => containers.values(),
    sandboxes: () => sandboxes.values(),
  };
}

function ofFilter({ filter }: AnyRequest): CallTarget {
  const uid = filter?.labelSelector?.[Keys.labelPodUid];
  return uid === undefined ? nobody : { podUid: uid };
}
