import type { Container, PodSandbox } from '../../harness/ports/cri.js';
import { Keys } from '../../harness/spec/pod.js';
import type { Decisions } from './decisions.js';
import type { RuntimeCalls } from './runtime-calls.js';
import { isNotFound } from './runtime-calls.js';
import {
  applyContainerStatus,
  applySandboxStatus,
  containerRecordOf,
  markVanished,
  newestSandbox,
  sandboxRecordOf,
  updateContainer,
  updateSandbox,
} from './runtime-records.js';
import type { ContainerRecord, PodRecord, SandboxRecord } from './types.js';

/**
 * What the agent knows of the runtime. A listing adds and advances; that something is missing from a listing
 * is believed only when its status says so too, because listings may be older than what the agent did since.
 */
export interface RuntimeView {
  /** The number of the newest complete listing; 0 when there was none. */
  listed(): number;
  /** The number of the newest listing that was begun. */
  begun(): number;
  records(): Iterable<PodRecord>;
  recordOf(uid: string): PodRecord | undefined;
  uidsOf(fullName: string): Iterable<string>;
  /** Lists everything. Rejects when a list call failed; nothing is known less then. */
  relist(): Promise<void>;
  /** Lists one pod and asks for every detail that is missing. Rejects when any call failed. */
  inspect(uid: string): Promise<void>;
  /** Asks for the details that are missing, without a listing. */
  fillDetails(uid: string): Promise<void>;
  /** A container is said to have ended or gone: it is asked for when its pod is looked at, which is soon. */
  doubt(containerId: string): void;
  /** What this agent did itself. */
  noteSandbox(pod: { uid: string; fullName: string; source: string }, sandbox: SandboxRecord): void;
  noteContainer(uid: string, container: ContainerRecord): void;
  noteStarted(uid: string, container: ContainerRecord): void;
  noteStopped(uid: string, container: ContainerRecord): void;
  noteSandboxStopped(uid: string, sandbox: SandboxRecord): void;
  noteContainerRemoved(uid: string, container: ContainerRecord): void;
  noteSandboxRemoved(uid: string, sandbox: SandboxRecord): void;
  /** Drops what is remembered of things that vanished from a pod that is no more. */
  forget(uid: string): void;
}

/** So many listings are asked for in a row at most when they turn out to be old. */
const listingsMax = 3;

/** Ids of things that were removed, which a late listing must not bring back. */
const removedIdsMax = 4_096;

export function createRuntimeView(options: {
  readonly calls: RuntimeCalls;
  readonly decisions: Decisions;
  readonly nowMs: () => number;
  readonly onChange: (uid: string) => void;
}): RuntimeView {
  const { calls, decisions, nowMs, onChange } = options;
  const pods = new Map<string, PodRecord>();
  const names = new Map<string, Set<string>>();
  const sandboxes = new Map<string, { pod: PodRecord; record: SandboxRecord }>();
  const containers = new Map<string, { pod: PodRecord; record: ContainerRecord }>();
  const removedIds = new Set<string>();
  const touched = new Set<PodRecord>();
  let begun = 0;
  let listed = 0;
  /** Things that turned out to be gone when they were asked for. */
  let lost = 0;

  function podFor(uid: string, fullName: string): PodRecord {
    let pod = pods.get(uid);
    if (pod === undefined) {
      pod = {
        uid,
        fullName,
        source: undefined,
        sandboxes: [],
        containers: [],
        sandboxAttemptMax: -1,
        version: 0,
      };
      pods.set(uid, pod);
      let uids = names.get(fullName);
      if (uids === undefined) names.set(fullName, (uids = new Set()));
      uids.add(uid);
    }
    return pod;
  }

  function dropIfEmpty(pod: PodRecord): void {
    if (pod.sandboxes.length > 0 || pod.containers.length > 0) return;
    pods.delete(pod.uid);
    const uids = names.get(pod.fullName);
    uids?.delete(pod.uid);
    if (uids?.size === 0) names.delete(pod.fullName);
  }

  function announce(): void {
    if (touched.size === 0) return;
    const changed = [...touched];
    touched.clear();
    for (const pod of changed) pod.version++;
    for (const pod of changed) onChange(pod.uid);
  }

  function addSandbox(pod: PodRecord, record: SandboxRecord): void {
    pod.sandboxes.push(record);
    pod.sandboxAttemptMax = Math.max(pod.sandboxAttemptMax, record.attempt);
    sandboxes.set(record.id, { pod, record });
    touched.add(pod);
  }

  function addContainer(pod: PodRecord, record: ContainerRecord): void {
    pod.containers.push(record);
    containers.set(record.id, { pod, record });
    touched.add(pod);
  }

  /** Returns whether the item is one of the things known. */
  function applySandboxItem(item: PodSandbox, generation: number): boolean {
    const known = sandboxes.get(item.id);
    if (known !== undefined) {
      if (known.record.seenIn < generation) known.record.seenIn = generation;
      known.record.suspect = false;
      if (known.record.item !== item && updateSandbox(known.record, item)) touched.add(known.pod);
      return true;
    }
    const uid = item.labels[Keys.labelPodUid] ?? item.metadata.uid;
    if (uid === '' || removedIds.has(item.id)) return false;
    const pod = podFor(uid, `${item.metadata.namespace}/${item.metadata.name}`);
    pod.source ??= item.annotations[Keys.annotationConfigSource];
    addSandbox(pod, sandboxRecordOf(item, generation));
    return true;
  }

  function applyContainerItem(item: Container, generation: number): boolean {
    const known = containers.get(item.id);
    if (known !== undefined) {
      if (known.record.seenIn < generation) known.record.seenIn = generation;
      known.record.suspect = false;
      if (known.record.item !== item && updateContainer(known.record, item)) touched.add(known.pod);
      return true;
    }
    const uid = item.labels[Keys.labelPodUid];
    if (uid === undefined || removedIds.has(item.id)) return false;
    const fullName = `${item.labels[Keys.labelPodNamespace]}/${item.labels[Keys.labelPodName]}`;
    addContainer(podFor(uid, fullName), containerRecordOf(item, generation));
    return true;
  }

  /** What a listing should have shown and did not is asked for by its id. */
  function findMissing(pod: PodRecord, generation: number): void {
    for (const record of [...pod.sandboxes, ...pod.containers.filter((container) => !container.vanished)]) {
      if (record.seenIn >= generation || record.suspect) continue;
      record.suspect = true;
      touched.add(pod);
    }
  }

  function remember(id: string): void {
    removedIds.add(id);
    if (removedIds.size > removedIdsMax) removedIds.delete(removedIds.keys().next().value!);
  }

  function removeSandboxRecord(pod: PodRecord, record: SandboxRecord): void {
    remember(record.id);
    sandboxes.delete(record.id);
    pod.sandboxes = pod.sandboxes.filter((other) => other !== record);
    touched.add(pod);
    dropIfEmpty(pod);
  }

  function removeContainerRecord(pod: PodRecord, record: ContainerRecord): void {
    remember(record.id);
    containers.delete(record.id);
    pod.containers = pod.containers.filter((other) => other !== record);
    touched.add(pod);
    dropIfEmpty(pod);
  }

  function loseContainer(pod: PodRecord, record: ContainerRecord): void {
    // One that never ran leaves nothing to remember; of the others the last of each name counts.
    if (record.state === 'created') return removeContainerRecord(pod, record);
    if (!decisions.repairsRemoved) {
      record.suspect = false;
      record.detailed = true;
      return;
    }
    remember(record.id);
    containers.delete(record.id);
    markVanished(record, nowMs());
    pod.containers = pod.containers.filter(
      (other) => !(other.vanished && other.name === record.name && other.attempt < record.attempt),
    );
    touched.add(pod);
  }

  async function detailContainer(pod: PodRecord, record: ContainerRecord): Promise<void> {
    try {
      applyContainerStatus(record, await calls.containerStatus(record.id));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      lost++;
      if (containers.get(record.id)?.record === record) loseContainer(pod, record);
      return;
    }
    touched.add(pod);
  }

  async function detailSandbox(pod: PodRecord, record: SandboxRecord): Promise<void> {
    try {
      applySandboxStatus(record, await calls.sandboxStatus(record.id));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      lost++;
      if (sandboxes.get(record.id)?.record === record) removeSandboxRecord(pod, record);
      return;
    }
    touched.add(pod);
  }

  async function fillDetails(uid: string): Promise<void> {
    for (let round = 0; round < listingsMax; round++) if (!(await fillOnce(uid))) return;
  }

  /** Returns whether anything was asked for, and may have to be asked for again. */
  async function fillOnce(uid: string): Promise<boolean> {
    const pod = pods.get(uid);
    if (pod === undefined) return false;
    const missing: Promise<void>[] = [];
    const newest = newestSandbox(pod);
    for (const record of pod.sandboxes) {
      const isNeeded = record.suspect || (record === newest && record.ready && !record.detailed);
      if (isNeeded) missing.push(detailSandbox(pod, record));
    }
    for (const record of pod.containers) {
      if (!record.vanished && (record.suspect || !record.detailed))
        missing.push(detailContainer(pod, record));
    }
    if (missing.length === 0) return false;
    const outcomes = await Promise.allSettled(missing);
    touched.delete(pod);
    pod.version++;
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return true;
  }

  async function list(uid: string | undefined): Promise<void> {
    const generation = ++begun;
    const [sandboxItems, containerItems] = await Promise.all([
      calls.listSandboxes(uid),
      calls.listContainers(uid),
    ]).catch((error: unknown): never => {
      if (decisions.onListError === 'empty') forgetAll(uid);
      throw error;
    });
    let recognized = 0;
    for (const item of sandboxItems) if (applySandboxItem(item, generation)) recognized++;
    for (const item of containerItems) if (applyContainerItem(item, generation)) recognized++;
    if (uid === undefined) {
      listed = Math.max(listed, generation);
      if (sandboxes.size + containers.size > recognized) {
        for (const pod of pods.values()) findMissing(pod, generation);
      }
    } else {
      const pod = pods.get(uid);
      if (pod !== undefined) findMissing(pod, generation);
    }
  }

  /** Only an agent that takes an error for an empty answer comes here. */
  function forgetAll(uid: string | undefined): void {
    for (const pod of uid === undefined ? [...pods.values()] : [pods.get(uid)]) {
      if (pod === undefined) continue;
      for (const record of pod.sandboxes) sandboxes.delete(record.id);
      for (const record of pod.containers) containers.delete(record.id);
      pod.sandboxes = [];
      pod.containers = [];
      touched.add(pod);
    }
    listed = begun;
    announce();
  }

  function known(uid: string): PodRecord | undefined {
    return pods.get(uid);
  }

  function changed(uid: string): void {
    const pod = known(uid);
    if (pod === undefined) return;
    pod.version++;
    touched.delete(pod);
  }

  return {
    listed: () => listed,
    begun: () => begun,
    records: () => pods.values(),
    recordOf: known,
    uidsOf: (fullName) => names.get(fullName) ?? [],
    async relist() {
      await list(undefined);
      announce();
    },
    async inspect(uid) {
      for (let round = 0; round < listingsMax; round++) {
        const lostBefore = lost;
        await list(uid);
        // Whoever asked for this needs no wake-up call.
        changed(uid);
        announce();
        await fillDetails(uid);
        // A listing that shows what is no longer there is an old one, and hides what is new.
        if (lost === lostBefore) return;
      }
    },
    fillDetails,
    doubt(containerId) {
      const doubted = containers.get(containerId);
      if (doubted === undefined) return;
      doubted.record.detailed = false;
      touched.add(doubted.pod);
      announce();
    },
    noteSandbox(pod, sandbox) {
      const record = podFor(pod.uid, pod.fullName);
      record.source ??= pod.source;
      // A listing may have shown it before the reply came.
      if (!sandboxes.has(sandbox.id)) addSandbox(record, sandbox);
      changed(pod.uid);
    },
    noteContainer(uid, container) {
      const pod = known(uid);
      if (pod !== undefined && !containers.has(container.id)) addContainer(pod, container);
      changed(uid);
    },
    noteStarted(uid, container) {
      if (container.state === 'created') container.state = 'running';
      container.detailed = false;
      changed(uid);
    },
    noteStopped(uid, container) {
      container.detailed = false;
      changed(uid);
    },
    noteSandboxStopped(uid, sandbox) {
      sandbox.ready = false;
      changed(uid);
    },
    noteContainerRemoved(uid, container) {
      const pod = known(uid);
      if (pod !== undefined) removeContainerRecord(pod, container);
      changed(uid);
    },
    noteSandboxRemoved(uid, sandbox) {
      const pod = known(uid);
      if (pod !== undefined) removeSandboxRecord(pod, sandbox);
      changed(uid);
    },
    forget(uid) {
      const pod = known(uid);
      if (pod === undefined) return;
      pod.containers = pod.containers.filter((container) => !container.vanished);
      dropIfEmpty(pod);
    },
  };
}
