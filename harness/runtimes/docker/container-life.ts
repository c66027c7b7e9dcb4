import type { ChangeCause } from '../../trace/events.js';
import type { ChangeReports } from '../change-reports.js';
import { exitCause, killedExitCode } from '../exit-cause.js';
import { followContainerLog } from './container-log.js';
import { engineStatus } from './docker-engine.js';
import type { ContainerRecord } from './docker-records.js';
import type { EngineEvent } from './engine-events.js';

/** How long the engine may take to end a container that got SIGKILL. */
const killTimeoutMs = 30_000;

/** How long the rest of a log may take to arrive before its container is removed. */
const logDrainTimeoutMs = 500;

/** What happens to containers between their creation and their removal. */
export interface ContainerLife {
  start(record: ContainerRecord): Promise<void>;
  /** SIGTERM, SIGKILL after `timeoutS`; resolves true when it has ended, false when it would not. */
  terminate(record: ContainerRecord, timeoutS: number): Promise<boolean>;
  /** SIGKILL; resolves as `terminate`. */
  kill(record: ContainerRecord, cause: ChangeCause): Promise<boolean>;
  remove(record: ContainerRecord, cause: ChangeCause): Promise<void>;
  /** Something that the engine told of this container. */
  observe(record: ContainerRecord, event: EngineEvent): void;
  /** Resolves true when it has ended, false after `timeoutMs`. */
  ended(record: ContainerRecord, timeoutMs: number): Promise<boolean>;
}

export function createContainerLife(options: {
  readonly reports: ChangeReports;
  /** Forgets a removed container. */
  readonly forget: (record: ContainerRecord) => void;
}): ContainerLife {
  const { reports } = options;

  function markRunning(record: ContainerRecord, atNs: number): void {
    if (record.removed || record.item.state !== 'CONTAINER_CREATED') return;
    record.item = { ...record.item, state: 'CONTAINER_RUNNING' };
    record.status = { ...record.status, state: 'CONTAINER_RUNNING', startedAt: atNs };
    reports.container(record, 'running', 'agent');
  }

  function markExited(
    record: ContainerRecord,
    end: { atNs: number; exitCode: number; reason?: string },
  ): void {
    // The engine can tell the end of a short container before it has answered its start.
    if (record.starting) markRunning(record, end.atNs);
    if (record.removed || record.item.state === 'CONTAINER_EXITED') return;
    const { atNs: finishedAt, exitCode } = end;
    const reason = record.outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
    record.item = { ...record.item, state: 'CONTAINER_EXITED' };
    record.status = {
      ...record.status,
      state: 'CONTAINER_EXITED',
      finishedAt,
      exitCode,
      reason: end.reason ?? reason,
    };
    reports.container(record, 'exited', exitCause(record));
    releaseWaiters(record);
  }

  function markRemoved(record: ContainerRecord, cause: ChangeCause): void {
    if (record.removed) return;
    if (record.item.state === 'CONTAINER_RUNNING') {
      record.endOrderedBy ??= cause;
      markExited(record, { atNs: Date.now() * 1e6, exitCode: killedExitCode });
    }
    record.removed = true;
    record.log?.close();
    options.forget(record);
    reports.container(record, 'removed', cause);
    releaseWaiters(record);
  }

  function ended(record: ContainerRecord, timeoutMs: number): Promise<boolean> {
    if (hasEnded(record)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        record.waiters.delete(done);
        resolve(hasEnded(record));
      };
      const timer = setTimeout(done, timeoutMs);
      record.waiters.add(done);
    });
  }

  async function kill(record: ContainerRecord, cause: ChangeCause): Promise<boolean> {
    record.endOrderedBy ??= cause;
    await signal(record, 'SIGKILL');
    return ended(record, killTimeoutMs);
  }

  async function terminate(record: ContainerRecord, timeoutS: number): Promise<boolean> {
    if (timeoutS <= 0) return kill(record, 'agent');
    record.endOrderedBy ??= 'agent';
    await signal(record, 'SIGTERM');
    // A container that has only just been started loses a SIGTERM that comes before its handler.
    const startedMsAgo = Date.now() - record.status.startedAt / 1e6;
    const resends =
      startedMsAgo > 1_000 ? [] : [100, 300].map((delayMs) => setTimeout(() => void resend(record), delayMs));
    const isDone = await ended(record, Math.min(timeoutS, 86_400) * 1_000);
    for (const timer of resends) clearTimeout(timer);
    return isDone || kill(record, 'agent');
  }

  return {
    kill,
    terminate,
    ended,
    async start(record) {
      record.starting = true;
      try {
        await record.handle.start();
      } catch (error) {
        record.starting = false;
        if (record.item.state === 'CONTAINER_CREATED') {
          record.endOrderedBy = 'agent';
          markExited(record, { atNs: Date.now() * 1e6, exitCode: 128, reason: 'StartError' });
        }
        throw error;
      }
      markRunning(record, Date.now() * 1e6);
      record.starting = false;
      if (record.logPath !== '' && !record.removed) {
        record.log = followContainerLog(record.handle, { path: record.logPath, tty: record.tty });
      }
    },
    async remove(record, cause) {
      record.endOrderedBy ??= cause;
      if (record.item.state === 'CONTAINER_EXITED') await record.log?.drained(logDrainTimeoutMs);
      try {
        await record.handle.remove({ force: true, v: true });
      } catch (error) {
        // Gone already, or on its way: either is what was asked for.
        if (engineStatus(error) !== 404 && engineStatus(error) !== 409) throw error;
      }
      markRemoved(record, cause);
    },
    observe(record, event) {
      switch (event.action) {
        case 'start':
          markRunning(record, event.atNs);
          break;
        case 'oom':
          record.outOfMemory = true;
          break;
        case 'die':
          markExited(record, event);
          break;
        case 'destroy':
          markRemoved(record, record.endOrderedBy ?? 'outside');
          break;
      }
    },
  };
}

function hasEnded(record: ContainerRecord): boolean {
  return record.removed || record.item.state === 'CONTAINER_EXITED';
}

function releaseWaiters(record: ContainerRecord): void {
  for (const waiter of [...record.waiters]) waiter();
}

/** Whoever waits for the end of the container learns what became of the engine; this only helps. */
function resend(record: ContainerRecord): Promise<void> {
  return signal(record, 'SIGTERM').catch(() => {});
}

/** An engine that answers that it is not running, or not there, has nothing left to signal. */
async function signal(record: ContainerRecord, name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (hasEnded(record)) return;
  try {
    await record.handle.kill({ signal: name });
  } catch (error) {
    const status = engineStatus(error);
    if (status !== 404 && status !== 409) throw error;
  }
}
