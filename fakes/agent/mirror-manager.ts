import type { ApiPort } from '../../harness/ports/agent.js';
import type { Pod } from '../../harness/spec/pod.js';
import { Keys } from '../../harness/spec/pod.js';
import type { DesiredPod } from './types.js';

/** Keeps one mirror object at the API server for each static pod. Mirrors are output: nothing reads them. */
export interface MirrorManager {
  /** Compares what there is with what there should be, and writes the difference. */
  pass(): void;
}

/** A write that the watch has not shown for so long is thought to be undone. */
const watchLagMaxMs = 10_000;

export function createMirrorManager(options: {
  readonly api: ApiPort;
  readonly nodeName: string;
  readonly nowMs: () => number;
  readonly stopped: () => boolean;
  readonly log: (line: string) => void;
  /** The node's UID; undefined while it is not known. */
  readonly nodeUid: () => string | undefined;
  /** The newest object of every name on this node. */
  readonly objects: () => ReadonlyMap<string, Pod>;
  /** Static pods that are wanted and not held back by another of their name. */
  readonly staticPods: () => Iterable<DesiredPod>;
  /** Whether a static pod of this name may still run. */
  readonly isNameInUse: (fullName: string) => boolean;
  readonly mayDelete: () => boolean;
}): MirrorManager {
  const { api, nodeName } = options;
  const busy = new Set<string>();
  /** What there was before the last write, until the watch shows something else. */
  const pending = new Map<string, { readonly object: Pod | undefined; readonly untilMs: number }>();

  function note(fullName: string, object: Pod | undefined): void {
    pending.set(fullName, { object, untilMs: options.nowMs() + watchLagMaxMs });
  }

  async function act(fullName: string, task: () => Promise<void>): Promise<void> {
    busy.add(fullName);
    let isDone = false;
    try {
      await task();
      isDone = true;
    } catch (error) {
      // The next pass tries again; the pod itself does not wait for its mirror.
      options.log(`mirror of ${fullName}: ${String(error)}`);
    }
    busy.delete(fullName);
    // The watch may have shown the outcome before the answer came.
    if (isDone) pass();
  }

  async function create(entry: DesiredPod, nodeUid: string): Promise<void> {
    const { pod, fullName } = entry;
    const { namespace = 'default' } = pod.metadata;
    const answer = await api.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods`,
      contentType: 'application/json',
      body: mirrorOf(pod, nodeName, nodeUid),
    });
    if (answer.status >= 300 && answer.status !== 409) throw new Error(`status ${answer.status}`);
    // There is one already: the watch will show it.
    note(fullName, undefined);
  }

  async function remove(fullName: string, object: Pod): Promise<void> {
    const { namespace = 'default', name, uid } = object.metadata;
    const answer = await api.request({
      method: 'DELETE',
      path: `/api/v1/namespaces/${namespace}/pods/${name}`,
      contentType: 'application/json',
      body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } },
    });
    if (answer.status >= 300 && answer.status !== 404) throw new Error(`status ${answer.status}`);
    if (answer.status < 300) note(fullName, object);
  }

  /** The watch is behind a write as long as it shows what was there before. */
  function isBehind(fullName: string, object: Pod | undefined): boolean {
    const write = pending.get(fullName);
    if (write === undefined) return false;
    const before = write.object?.metadata.uid;
    if (object?.metadata.uid === before && options.nowMs() < write.untilMs) return true;
    pending.delete(fullName);
    return false;
  }

  function pass(): void {
    const nodeUid = options.nodeUid();
    if (nodeUid === undefined || options.stopped()) return;
    const objects = options.objects();
    const wanted = new Set<string>();
    for (const entry of options.staticPods()) {
      const { fullName } = entry;
      wanted.add(fullName);
      const object = objects.get(fullName);
      if (busy.has(fullName) || isBehind(fullName, object)) continue;
      if (object === undefined) void act(fullName, () => create(entry, nodeUid));
      else if (isMirror(object) && mirrorHashOf(object) !== hashOf(entry.pod)) {
        void act(fullName, () => remove(fullName, object));
      }
    }
    if (!options.mayDelete()) return;
    for (const [fullName, object] of objects) {
      if (!isMirror(object) || wanted.has(fullName) || options.isNameInUse(fullName)) continue;
      if (busy.has(fullName) || isBehind(fullName, object)) continue;
      void act(fullName, () => remove(fullName, object));
    }
  }

  return { pass };
}

export function isMirror(object: Pod): boolean {
  return mirrorHashOf(object) !== undefined;
}

/** Whether the object is the mirror of this static pod as it is now. */
export function isMirrorOf(object: Pod, pod: Pod): boolean {
  return isMirror(object) && mirrorHashOf(object) === hashOf(pod);
}

function mirrorHashOf(object: Pod): string | undefined {
  return object.metadata.annotations?.[Keys.annotationConfigMirror];
}

function hashOf(pod: Pod): string | undefined {
  return pod.metadata.annotations?.[Keys.annotationConfigHash];
}

function mirrorOf(pod: Pod, nodeName: string, nodeUid: string): Pod {
  const { name, namespace, labels, annotations } = pod.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [Keys.annotationConfigMirror]: hashOf(pod) ?? '' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeUid, controller: true }],
    },
    spec: { ...pod.spec, nodeName },
  };
}
