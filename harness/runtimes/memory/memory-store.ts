import type { Clock } from '../../core/clock.js';
import type { Container, ContainerEvent, PodSandbox } from '../../ports/cri.js';
import type { RuntimeObserver } from '../../ports/runtime.js';
import type { ChangeCause } from '../../trace/events.js';
import { Keys } from '../../spec/pod.js';
import type { ContainerRecord, SandboxRecord } from './records.js';

/** Exit code of a container that was killed, and of one that obeyed SIGTERM. */
export const killedExitCode = 137;
const terminatedExitCode = 143;

/** The sandboxes and containers there are, and how they change. Every change is told to the observer. */
export interface MemoryStore {
  readonly sandboxes: Map<string, SandboxRecord>;
  readonly containers: Map<string, ContainerRecord>;
  /** The sandbox that has this name, as containerd makes them: of the pod, its UID and the attempt. */
  sandboxNamed(name: string): SandboxRecord | undefined;
  /** What listings show, of all pods or of one as its label says; of all the same array as long as nothing changes. */
  sandboxItems(podUid?: string): readonly PodSandbox[];
  containerItems(podUid?: string): readonly Container[];
  /** The time as the runtime tells it, in nanoseconds since the epoch; a stamp is later than any before. */
  nowNs(): number;
  stampNs(): number;
  sandboxChanged(record: SandboxRecord, state: 'ready' | 'notReady' | 'removed', cause: ChangeCause): void;
  containerChanged(
    record: ContainerRecord,
    state: 'created' | 'running' | 'exited' | 'removed',
    cause: ChangeCause,
  ): void;
  endContainer(record: ContainerRecord, exitCode: number, cause: ChangeCause): void;
  /** Ends a running container as StopContainer does; `done` is called when it has ended. */
  terminate(record: ContainerRecord, timeoutS: number, done: () => void): void;
  /** A SIGTERM and nothing else. */
  signalTerm(record: ContainerRecord): void;
  dropContainer(record: ContainerRecord, cause: ChangeCause): void;
  stopSandbox(record: SandboxRecord, cause: ChangeCause): void;
  dropSandbox(record: SandboxRecord, cause: ChangeCause): void;
}

export function createMemoryStore(options: {
  readonly clock: Clock;
  readonly observer: RuntimeObserver;
  /** What the wall clock reads when `clock` reads 0, in milliseconds since the epoch. */
  readonly epochMs: number;
}): MemoryStore {
  const { clock, observer } = options;
  const sandboxes = new Map<string, SandboxRecord>();
  const containers = new Map<string, ContainerRecord>();
  // Agents ask for one pod most of the time, and many plans may have theirs here.
  const sandboxNames = new Map<string, SandboxRecord>();
  const sandboxesOfPods = createPodIndex<SandboxRecord>();
  const containersOfPods = createPodIndex<ContainerRecord>();
  let sandboxList: PodSandbox[] | undefined;
  let containerList: Container[] | undefined;
  let lastCreatedNs = 0;

  /** Grows strictly: agents take the newest sandbox or container to be the one created last. */
  function stampNs(): number {
    lastCreatedNs = Math.max(lastCreatedNs + 1_000, (options.epochMs + clock.now()) * 1e6);
    return lastCreatedNs;
  }

  function nowNs(): number {
    return (options.epochMs + clock.now()) * 1e6;
  }

  function sandboxChanged(
    record: SandboxRecord,
    state: 'ready' | 'notReady' | 'removed',
    cause: ChangeCause,
  ): void {
    sandboxList = undefined;
    sandboxesOfPods.note(record, state !== 'removed');
    const { metadata } = record.item;
    if (state === 'removed') sandboxNames.delete(sandboxName(metadata));
    else sandboxNames.set(sandboxName(metadata), record);
    observer.onChange({
      kind: 'sandbox',
      actor: cause === 'outside' ? 'outside' : 'runtime',
      id: record.id,
      podUid: metadata.uid,
      podNamespace: metadata.namespace,
      podName: metadata.name,
      attempt: metadata.attempt,
      state,
      cause,
    });
  }

  function containerChanged(
    record: ContainerRecord,
    state: 'created' | 'running' | 'exited' | 'removed',
    cause: ChangeCause,
  ): void {
    containerList = undefined;
    containersOfPods.note(record, state !== 'removed');
    const { metadata } = record.sandbox.item;
    observer.onChange({
      kind: 'container',
      actor: cause === 'outside' ? 'outside' : cause === 'workload' ? 'workload' : 'runtime',
      id: record.id,
      sandboxId: record.sandbox.id,
      podUid: metadata.uid,
      podNamespace: metadata.namespace,
      podName: metadata.name,
      name: record.item.metadata.name,
      attempt: record.item.metadata.attempt,
      image: record.item.image.image,
      state,
      ...(state === 'exited' ? { exitCode: record.status.exitCode } : {}),
      cause,
    });
    observer.onEvent(containerEvent(record, state));
  }

  function containerEvent(
    record: ContainerRecord,
    state: 'created' | 'running' | 'exited' | 'removed',
  ): ContainerEvent {
    const types = {
      created: 'CONTAINER_CREATED_EVENT',
      running: 'CONTAINER_STARTED_EVENT',
      exited: 'CONTAINER_STOPPED_EVENT',
      removed: 'CONTAINER_DELETED_EVENT',
    } as const;
    return {
      containerId: record.id,
      containerEventType: types[state],
      createdAt: nowNs(),
      podSandboxStatus: record.sandbox.status,
      containersStatuses: [...record.sandbox.containers].map((container) => container.status),
    };
  }

  /** Once: whoever is connected with a container may try to end it when it has ended, or is gone. */
  function endContainer(record: ContainerRecord, exitCode: number, cause: ChangeCause): void {
    if (record.item.state !== 'CONTAINER_RUNNING') return;
    record.ownExit?.cancel();
    record.termination?.timer.cancel();
    record.ownExit = undefined;
    record.termination = undefined;
    record.item = { ...record.item, state: 'CONTAINER_EXITED' };
    record.status = {
      ...record.status,
      state: 'CONTAINER_EXITED',
      finishedAt: nowNs(),
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
    };
    containerChanged(record, 'exited', cause);
    for (const waiter of record.waiters.splice(0)) waiter();
  }

  /** SIGTERM now, SIGKILL after the timeout; a later and shorter request brings the end forward. */
  function terminate(record: ContainerRecord, timeoutS: number, done: () => void): void {
    const { workload } = record;
    const stopMs = workload.stopMs ?? 0;
    const timeoutMs = timeoutS * 1_000;
    const obeys = workload.ignoreTerm !== true && timeoutMs > 0;
    const begun = record.termination;
    const naturalAtMs =
      begun !== undefined && begun.exitCode === terminatedExitCode ? begun.exitAtMs : clock.now() + stopMs;
    const killAtMs = clock.now() + timeoutMs;
    const end =
      obeys && naturalAtMs <= killAtMs
        ? { exitAtMs: naturalAtMs, exitCode: terminatedExitCode }
        : { exitAtMs: killAtMs, exitCode: killedExitCode };
    record.waiters.push(done);
    if (begun !== undefined && begun.exitAtMs <= end.exitAtMs) return;
    begun?.timer.cancel();
    if (end.exitAtMs <= clock.now()) {
      endContainer(record, end.exitCode, 'agent');
      return;
    }
    const timer = clock.after(end.exitAtMs - clock.now(), () => endContainer(record, end.exitCode, 'agent'));
    record.termination = { ...end, timer };
  }

  function signalTerm(record: ContainerRecord): void {
    const isObeyed = record.item.state === 'CONTAINER_RUNNING' && record.workload.ignoreTerm !== true;
    if (!isObeyed || record.termination !== undefined) return;
    const end = { exitAtMs: clock.now() + (record.workload.stopMs ?? 0), exitCode: terminatedExitCode };
    const timer = clock.after(end.exitAtMs - clock.now(), () =>
      endContainer(record, terminatedExitCode, 'outside'),
    );
    record.termination = { ...end, timer };
  }

  function dropContainer(record: ContainerRecord, cause: ChangeCause): void {
    if (record.item.state === 'CONTAINER_RUNNING') endContainer(record, killedExitCode, cause);
    containers.delete(record.id);
    record.sandbox.containers.delete(record);
    containerChanged(record, 'removed', cause);
  }

  function stopSandbox(record: SandboxRecord, cause: ChangeCause): void {
    for (const container of record.containers) {
      if (container.item.state === 'CONTAINER_RUNNING') endContainer(container, killedExitCode, cause);
    }
    if (record.item.state === 'SANDBOX_NOTREADY') return;
    record.item = { ...record.item, state: 'SANDBOX_NOTREADY' };
    // Like containerd, which releases the address with the network namespace.
    record.status = { ...record.status, state: 'SANDBOX_NOTREADY', network: { ip: '' } };
    sandboxChanged(record, 'notReady', cause);
  }

  function dropSandbox(record: SandboxRecord, cause: ChangeCause): void {
    stopSandbox(record, cause);
    for (const container of [...record.containers]) dropContainer(container, cause);
    sandboxes.delete(record.id);
    sandboxChanged(record, 'removed', cause);
  }

  return {
    sandboxes,
    containers,
    sandboxNamed: (name) => sandboxNames.get(name),
    sandboxItems: (podUid) =>
      podUid === undefined
        ? (sandboxList ??= Array.from(sandboxes.values(), ({ item }) => item))
        : Array.from(sandboxesOfPods.of(podUid), ({ item }) => item),
    containerItems: (podUid) =>
      podUid === undefined
        ? (containerList ??= Array.from(containers.values(), ({ item }) => item))
        : Array.from(containersOfPods.of(podUid), ({ item }) => item),
    nowNs,
    stampNs,
    sandboxChanged,
    containerChanged,
    endContainer,
    terminate,
    signalTerm,
    dropContainer,
    stopSandbox,
    dropSandbox,
  };
}

/** What no other sandbox may have in common with this one. */
export function sandboxName({ name, namespace, uid, attempt }: PodSandbox['metadata']): string {
  return [name, namespace, uid, attempt].join('_');
}

/** Finds records by the UID in the label of their pod, in the order of their creation. */
interface PodIndex<Record> {
  of(podUid: string): Iterable<Record>;
  note(record: Record, exists: boolean): void;
}

function createPodIndex<
  Record extends { readonly item: { readonly labels: Readonly<{ [name: string]: string }> } },
>(): PodIndex<Record> {
  const records = new Map<string, Set<Record>>();
  return {
    of: (podUid) => records.get(podUid) ?? [],
    note(record, exists) {
      const podUid = record.item.labels[Keys.labelPodUid];
      if (podUid === undefined) return;
      const known = records.get(podUid);
      if (exists && known === undefined) records.set(podUid, new Set([record]));
      else if (exists) known?.add(record);
      else if (known?.delete(record) === true && known.size === 0) records.delete(podUid);
    },
  };
}
