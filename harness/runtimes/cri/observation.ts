import type { Container, ContainerStatus, PodSandbox, PodSandboxStatus } from '../../ports/cri.js';
import type { RuntimeObserver } from '../../ports/runtime.js';
import type { ChangeCause } from '../../trace/events.js';
import { createChangeReports } from '../change-reports.js';
import { exitCause, killedExitCode } from '../exit-cause.js';
import { runLabels } from '../run-labels.js';
import type { ContainerRecord, SandboxRecord } from './cri-records.js';
import { isLater, newContainer, newSandbox, ownItem, ownSandboxStatus, ownStatus } from './cri-records.js';
import { isNotFound, type CriRuntime } from './cri-runtime.js';

/** How often the runtime is asked what has changed by itself, in milliseconds. */
const lookEveryMs = 50;
/** Lists come from the memory of a runtime: one that takes so long over them hangs. */
const listTimeoutMs = 10_000;

/**
 * What is known of the sandboxes and containers of a run. The runtime is the truth; this is how much of it has been
 * reported. Whatever an answer shows is reported before the answer goes on to the agent, so that no agent can know
 * more than the trace; and an answer that was under way while its subject changed shows the later state.
 */
export interface Observation {
  readonly sandboxes: ReadonlyMap<string, SandboxRecord>;
  readonly containers: ReadonlyMap<string, ContainerRecord>;
  addSandbox(made: Parameters<typeof newSandbox>[0]): SandboxRecord;
  addContainer(sandbox: SandboxRecord, made: Parameters<typeof newContainer>[1]): ContainerRecord;
  /** The items of the run's own as they now are, in the order in which they were made. */
  listSandboxes(): Promise<PodSandbox[]>;
  listContainers(): Promise<Container[]>;
  /** Asks for the status, and resolves to it; undefined when it is not there any more. */
  refreshSandbox(record: SandboxRecord): Promise<PodSandboxStatus | undefined>;
  refreshContainer(record: ContainerRecord): Promise<ContainerStatus | undefined>;
  /** They were removed, by this order. */
  sandboxRemoved(record: SandboxRecord, cause: ChangeCause): void;
  containerRemoved(record: ContainerRecord, cause: ChangeCause): void;
  /** Resolves true when it has ended, false after `timeoutMs`. */
  ended(record: ContainerRecord, timeoutMs: number): Promise<boolean>;
  close(): void;
}

export function createObservation(options: {
  readonly runtime: CriRuntime;
  readonly runId: string;
  readonly observer: RuntimeObserver;
  /** The runtime did not answer a look. */
  readonly onTrouble: (cause: unknown) => void;
}): Observation {
  const { runtime } = options;
  const filter = { labelSelector: { [runLabels.run]: options.runId } };
  const reports = createChangeReports(options.observer);
  const sandboxes = new Map<string, SandboxRecord>();
  const containers = new Map<string, ContainerRecord>();
  /** Counts records and looks, so that it can be told which of them came first. */
  let moment = 0;
  let closed = false;

  function advance(record: ContainerRecord, status: ContainerStatus): void {
    const known = record.status.state;
    if (record.removed || closed || !isLater(status.state, known)) return;
    const own = ownStatus(record, status);
    if (known === 'CONTAINER_CREATED' && status.startedAt > 0) {
      record.status = { ...own, state: 'CONTAINER_RUNNING', finishedAt: 0, exitCode: 0, reason: '' };
      reports.container(record, 'running', 'agent');
    }
    record.status = own;
    if (own.state === 'CONTAINER_EXITED') reports.container(record, 'exited', causeOfExit(record));
  }

  function advanceSandbox(record: SandboxRecord, status: PodSandboxStatus): void {
    if (record.removed || closed || record.status.state === 'SANDBOX_NOTREADY') return;
    record.status = ownSandboxStatus(record.item, status);
    if (status.state === 'SANDBOX_NOTREADY') {
      reports.sandbox(record, 'notReady', record.endOrderedBy ?? 'outside');
    }
  }

  /** For ends that no status tells of any more. */
  function killed(record: ContainerRecord, cause: ChangeCause): void {
    if (record.status.state !== 'CONTAINER_RUNNING') return;
    record.endOrderedBy ??= cause;
    const end = { state: 'CONTAINER_EXITED', exitCode: killedExitCode, reason: 'Error' } as const;
    advance(record, { ...record.status, ...end, finishedAt: Date.now() * 1e6 });
  }

  function containerRemoved(record: ContainerRecord, cause: ChangeCause): void {
    if (record.removed || closed) return;
    killed(record, cause);
    record.removed = true;
    containers.delete(record.id);
    record.sandbox.containers.delete(record);
    reports.container(record, 'removed', cause);
  }

  function sandboxRemoved(record: SandboxRecord, cause: ChangeCause): void {
    if (record.removed || closed) return;
    for (const container of record.containers) killed(container, cause);
    record.endOrderedBy ??= cause;
    advanceSandbox(record, { ...record.status, state: 'SANDBOX_NOTREADY', network: { ip: '' } });
    for (const container of [...record.containers]) containerRemoved(container, cause);
    record.removed = true;
    sandboxes.delete(record.id);
    reports.sandbox(record, 'removed', cause);
  }

  async function refreshContainer(record: ContainerRecord): Promise<ContainerStatus | undefined> {
    try {
      const { status } = await runtime.call('ContainerStatus', { containerId: record.id });
      advance(record, status);
      return isLater(record.status.state, status.state) ? record.status : ownStatus(record, status);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      containerRemoved(record, record.removalOrderedBy ?? record.sandbox.removalOrderedBy ?? 'outside');
      return undefined;
    }
  }

  async function refreshSandbox(record: SandboxRecord): Promise<PodSandboxStatus | undefined> {
    try {
      const { status } = await runtime.call('PodSandboxStatus', { podSandboxId: record.id });
      // A sandbox takes its containers with it, and they are seen to go first.
      if (status.state !== record.status.state) await listContainers();
      advanceSandbox(record, status);
      return record.status.state === 'SANDBOX_NOTREADY'
        ? record.status
        : ownSandboxStatus(record.item, status);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      sandboxRemoved(record, record.removalOrderedBy ?? 'outside');
      return undefined;
    }
  }

  async function listContainers(): Promise<Container[]> {
    const askedAt = ++moment;
    const answer = await runtime.call('ListContainers', { filter }, listTimeoutMs);
    const listed = new Map(answer.containers.map((item) => [item.id, item]));
    const before = [...containers.values()].filter((record) => record.knownSince < askedAt);
    const later = before.filter((record) => {
      const item = listed.get(record.id);
      return item === undefined || isLater(item.state, record.status.state);
    });
    await Promise.all(later.map(refreshContainer));
    return [...containers.values()].map((record) => ownItem(record, listed.get(record.id)));
  }

  async function listSandboxes(): Promise<PodSandbox[]> {
    const askedAt = ++moment;
    const { items } = await runtime.call('ListPodSandbox', { filter }, listTimeoutMs);
    const listed = new Map(items.map((item) => [item.id, item]));
    const later = [...sandboxes.values()].filter((record) => {
      const isNew = record.knownSince > askedAt;
      return !isNew && listed.get(record.id)?.state !== record.status.state;
    });
    if (later.length > 0) await listContainers();
    await Promise.all(later.map(refreshSandbox));
    return [...sandboxes.values()].map(({ item, status }) => ({ ...item, state: status.state }));
  }

  // Some runtimes tell of changes in a stream, and to one listener alone: on a machine in use it is not this one.
  let timer: NodeJS.Timeout | undefined;
  const lookAgain = (): void => {
    if (!closed) timer = setTimeout(() => void look(), lookEveryMs);
  };
  async function look(): Promise<void> {
    try {
      if (containers.size > 0) await listContainers();
      if (sandboxes.size > 0) await listSandboxes();
    } catch (error) {
      options.onTrouble(error);
    }
    lookAgain();
  }
  lookAgain();

  return {
    sandboxes,
    containers,
    listSandboxes,
    listContainers,
    refreshSandbox,
    refreshContainer,
    sandboxRemoved,
    containerRemoved,
    addSandbox(made) {
      const record = newSandbox(made, ++moment);
      sandboxes.set(record.id, record);
      reports.sandbox(record, 'ready', 'agent');
      return record;
    },
    addContainer(sandbox, made) {
      const record = newContainer(sandbox, made, ++moment);
      containers.set(record.id, record);
      sandbox.containers.add(record);
      reports.container(record, 'created', 'agent');
      return record;
    },
    async ended(record, timeoutMs) {
      const deadlineMs = Date.now() + timeoutMs;
      while (!hasEnded(record) && Date.now() < deadlineMs) {
        await refreshContainer(record);
        if (!hasEnded(record)) await new Promise((resolve) => setTimeout(resolve, lookEveryMs / 5));
      }
      return hasEnded(record);
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** A runtime notes the start only when its own call for it comes back, perhaps long after the workload began. */
function causeOfExit(record: ContainerRecord): ChangeCause {
  const { startOrderedAt, status } = record;
  const startedAt = startOrderedAt === 0 ? status.startedAt : Math.min(status.startedAt, startOrderedAt);
  return exitCause({ ...record, status: { ...status, startedAt } });
}

function hasEnded(record: ContainerRecord): boolean {
  return record.removed || record.status.state === 'CONTAINER_EXITED';
}
