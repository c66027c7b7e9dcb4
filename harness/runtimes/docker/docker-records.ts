import type { Workload } from '../../spec/plan.js';
import { parseWorkload } from '../../spec/workload.js';
import type { ChangeCause } from '../../trace/events.js';
import type {
  Container,
  ContainerConfig,
  PodSandboxConfig,
  ContainerStatus,
  PodSandbox,
  PodSandboxStatus,
} from '../../ports/cri.js';
import { statusDetails } from '../status-details.js';
import type { ContainerLog } from './container-log.js';
import type { DockerContainerHandle } from './docker-engine.js';

/** A sandbox: a container that only holds the network. Messages are replaced, never changed. */
export interface SandboxRecord {
  readonly id: string;
  readonly handle: DockerContainerHandle;
  readonly hostNetwork: boolean;
  readonly logDirectory: string;
  readonly containers: Set<ContainerRecord>;
  item: PodSandbox;
  status: PodSandboxStatus;
  /** Who ordered its end; without an order it came from outside. */
  endOrderedBy: ChangeCause | undefined;
}

export interface ContainerRecord {
  readonly id: string;
  readonly handle: DockerContainerHandle;
  readonly sandbox: SandboxRecord;
  readonly workload: Workload;
  readonly logPath: string;
  readonly tty: boolean;
  item: Container;
  status: ContainerStatus;
  /** StartContainer is under way: what the engine tells may come before its answer. */
  starting: boolean;
  /** Who ordered its end by a signal. */
  endOrderedBy: ChangeCause | undefined;
  /** The end was ordered through the workload: with whatever code, it is the workload's own. */
  exitOrdered: boolean;
  outOfMemory: boolean;
  removed: boolean;
  log: ContainerLog | undefined;
  /** Called when it has ended or was removed. */
  readonly waiters: Set<() => void>;
}

/** What RunPodSandbox made. */
export function newSandbox(
  handle: DockerContainerHandle,
  made: {
    readonly config: PodSandboxConfig;
    readonly runtimeHandler: string;
    readonly ip: string;
    readonly createdAt: number;
  },
): SandboxRecord {
  const { config } = made;
  const item = {
    id: handle.id,
    metadata: { ...config.metadata, attempt: config.metadata.attempt ?? 0 },
    state: 'SANDBOX_READY' as const,
    createdAt: made.createdAt,
    labels: config.labels ?? {},
    annotations: config.annotations ?? {},
    runtimeHandler: made.runtimeHandler,
  };
  const options = config.linux?.securityContext?.namespaceOptions ?? {};
  return {
    id: handle.id,
    handle,
    hostNetwork: options.network === 'NODE',
    logDirectory: config.logDirectory ?? '',
    containers: new Set(),
    item,
    status: { ...item, network: { ip: made.ip }, linux: { namespaces: { options } } },
    endOrderedBy: undefined,
  };
}

/** What CreateContainer made. */
export function newContainer(
  handle: DockerContainerHandle,
  sandbox: SandboxRecord,
  made: { readonly config: ContainerConfig; readonly imageRef: string; readonly createdAt: number },
): ContainerRecord {
  const { config } = made;
  const logPath = config.logPath ? `${sandbox.logDirectory}/${config.logPath}` : '';
  const shared = {
    id: handle.id,
    metadata: { name: config.metadata.name, attempt: config.metadata.attempt ?? 0 },
    image: config.image,
    imageRef: made.imageRef,
    state: 'CONTAINER_CREATED' as const,
    createdAt: made.createdAt,
    labels: config.labels ?? {},
    annotations: config.annotations ?? {},
  };
  return {
    id: handle.id,
    handle,
    sandbox,
    workload: parseWorkload(config.args ?? []),
    logPath,
    tty: config.tty === true,
    item: { ...shared, podSandboxId: sandbox.id },
    status: {
      ...shared,
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: '',
      message: '',
      logPath,
      ...statusDetails(config),
    },
    starting: false,
    endOrderedBy: undefined,
    exitOrdered: false,
    outOfMemory: false,
    removed: false,
    log: undefined,
    waiters: new Set(),
  };
}
