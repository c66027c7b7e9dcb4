import type {
  Container,
  ContainerConfig,
  ContainerState,
  ContainerStatus,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
} from '../../ports/cri.js';
import type { Workload } from '../../spec/plan.js';
import { parseWorkload } from '../../spec/workload.js';
import type { ChangeCause } from '../../trace/events.js';
import { runLabels } from '../run-labels.js';

/** A sandbox that really exists, and what is known of it. Messages are replaced, never changed. */
export interface SandboxRecord {
  readonly id: string;
  /** As the runtime got it. */
  readonly config: PodSandboxConfig;
  readonly containers: Set<ContainerRecord>;
  /** When it was made known, counted with the looks: a look from before cannot show it. */
  readonly knownSince: number;
  /** As agents see it, without the labels of the run. */
  readonly item: PodSandbox;
  status: PodSandboxStatus;
  /** Who ordered its end, and its removal; without an order they came from outside. */
  endOrderedBy: ChangeCause | undefined;
  removalOrderedBy: ChangeCause | undefined;
  removed: boolean;
}

export interface ContainerRecord {
  readonly id: string;
  readonly sandbox: SandboxRecord;
  readonly workload: Workload;
  readonly knownSince: number;
  /** As agents see it: with the image that they asked for, which the workload stands in for. */
  readonly item: Omit<Container, 'state'>;
  status: ContainerStatus;
  /** When its start was ordered, which comes before it; nanoseconds since the epoch. */
  startOrderedAt: number;
  /** Who ordered its end by a signal, and its removal. */
  endOrderedBy: ChangeCause | undefined;
  removalOrderedBy: ChangeCause | undefined;
  /** The end was ordered through the workload: with whatever code, it is the workload's own. */
  exitOrdered: boolean;
  removed: boolean;
}

/** What RunPodSandbox made. */
export function newSandbox(
  made: {
    readonly status: PodSandboxStatus;
    /** As the agent gave it, and as the runtime got it. */
    readonly asked: PodSandboxConfig;
    readonly config: PodSandboxConfig;
  },
  knownSince: number,
): SandboxRecord {
  const { id, state, createdAt, annotations, runtimeHandler = '' } = made.status;
  const metadata = { ...made.asked.metadata, attempt: made.asked.metadata.attempt ?? 0 };
  const item = {
    id,
    metadata,
    state,
    createdAt,
    labels: withoutRunLabels(made.status.labels),
    annotations,
    runtimeHandler,
  };
  return {
    id,
    config: made.config,
    containers: new Set(),
    knownSince,
    item,
    status: ownSandboxStatus(item, made.status),
    endOrderedBy: undefined,
    removalOrderedBy: undefined,
    removed: false,
  };
}

/** What CreateContainer made. */
export function newContainer(
  sandbox: SandboxRecord,
  made: {
    readonly status: ContainerStatus;
    /** As the agent gave it. */
    readonly config: ContainerConfig;
    readonly imageRef: string;
  },
  knownSince: number,
): ContainerRecord {
  const { id, metadata, createdAt, annotations } = made.status;
  const image = made.config.image;
  const shared = { id, metadata, image, imageRef: made.imageRef, createdAt, annotations };
  const labels = withoutRunLabels(made.status.labels);
  const record: ContainerRecord = {
    id,
    sandbox,
    workload: parseWorkload(made.config.args ?? []),
    knownSince,
    item: { ...shared, labels, podSandboxId: sandbox.id },
    status: made.status,
    startOrderedAt: 0,
    endOrderedBy: undefined,
    removalOrderedBy: undefined,
    exitOrdered: false,
    removed: false,
  };
  record.status = ownStatus(record, made.status);
  return record;
}

/** A status as agents see it. */
export function ownStatus(record: ContainerRecord, status: ContainerStatus): ContainerStatus {
  const { image, imageRef, labels } = record.item;
  return { ...status, image, imageRef, labels, ...(status.imageId ? { imageId: imageRef } : {}) };
}

/** An item as agents see it; a runtime that has not listed it yet may have more to say later. */
export function ownItem(record: ContainerRecord, listed: Container | undefined): Container {
  const { item, status } = record;
  return {
    ...listed,
    ...item,
    state: status.state,
    ...(listed?.imageId ? { imageId: item.imageRef } : {}),
  };
}

export function ownSandboxStatus(item: PodSandbox, status: PodSandboxStatus): PodSandboxStatus {
  return { ...status, metadata: item.metadata, labels: item.labels };
}

/** Without those of the suite, also those of its image, which cri-dockerd shows on each of its containers. */
export function withoutRunLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const own: readonly string[] = Object.values(runLabels);
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !own.includes(key)));
}

const ages: Readonly<Record<ContainerState, number>> = {
  CONTAINER_CREATED: 0,
  CONTAINER_RUNNING: 1,
  CONTAINER_EXITED: 2,
  // Says nothing: whatever was known before stands.
  CONTAINER_UNKNOWN: -1,
};

/** Containers only ever go on from created to running to exited, so answers can be put in their order. */
export function isLater(state: ContainerState, known: ContainerState): boolean {
  return ages[state] > ages[known];
}
