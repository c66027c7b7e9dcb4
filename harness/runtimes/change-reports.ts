import type {
  Container,
  ContainerEvent,
  ContainerStatus,
  PodSandbox,
  PodSandboxStatus,
} from '../ports/cri.js';
import type { RuntimeObserver } from '../ports/runtime.js';
import type { ChangeCause, ContainerChanged, SandboxChanged } from '../trace/events.js';

/** What is told of a sandbox. */
interface ReportedSandbox {
  readonly id: string;
  readonly item: Pick<PodSandbox, 'metadata'>;
  readonly status: PodSandboxStatus;
  readonly containers: Iterable<{ readonly status: ContainerStatus }>;
}

interface ReportedContainer {
  readonly id: string;
  readonly sandbox: ReportedSandbox;
  readonly item: Pick<Container, 'metadata' | 'image'>;
  readonly status: ContainerStatus;
}

export interface ChangeReports {
  sandbox(record: ReportedSandbox, state: SandboxChanged['state'], cause: ChangeCause): void;
  container(record: ReportedContainer, state: ContainerChanged['state'], cause: ChangeCause): void;
}

/** Words the changes of sandboxes and containers that really exist for the observer. */
export function createChangeReports(observer: RuntimeObserver): ChangeReports {
  return {
    sandbox(record, state, cause) {
      const { metadata } = record.item;
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
    },
    container(record, state, cause) {
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
        ...(state === 'exited' ? endOf(record.status) : {}),
        cause,
      });
      observer.onEvent(containerEvent(record, state));
    },
  };
}

/** A difference greater than this is one between clocks, in milliseconds. */
const lateMaxMs = 60_000;

/** Ends are seen when the runtime is looked at or tells of them; agents count from when they were. */
function endOf({ exitCode, finishedAt }: ContainerStatus): Pick<ContainerChanged, 'exitCode' | 'lateMs'> {
  const lateMs = Math.round(Date.now() - finishedAt / 1e6);
  return lateMs >= 1 && lateMs <= lateMaxMs ? { exitCode, lateMs } : { exitCode };
}

const eventTypes = {
  created: 'CONTAINER_CREATED_EVENT',
  running: 'CONTAINER_STARTED_EVENT',
  exited: 'CONTAINER_STOPPED_EVENT',
  removed: 'CONTAINER_DELETED_EVENT',
} as const;

function containerEvent(record: ReportedContainer, state: ContainerChanged['state']): ContainerEvent {
  return {
    containerId: record.id,
    containerEventType: eventTypes[state],
    createdAt: Date.now() * 1e6,
    podSandboxStatus: record.sandbox.status,
    containersStatuses: [...record.sandbox.containers].map((container) => container.status),
  };
}
