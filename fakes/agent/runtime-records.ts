import type {
  Container,
  ContainerState,
  ContainerStatus,
  PodSandbox,
  PodSandboxStatus,
} from '../../harness/ports/cri.js';
import { Keys } from '../../harness/spec/pod.js';
import type { ContainerRecord, ContainerRecordState, PodRecord, SandboxRecord } from './types.js';
import { isLive } from './types.js';

/** The annotation in which a container keeps its place in a series of crashes. */
export const streakAnnotation = 'node-agent.reference/restart-streak';

/** The annotation that marks a sidecar, so that it is stopped in its turn even when its pod's definition is gone. */
export const sidecarAnnotation = 'node-agent.reference/sidecar-index';

/** Exit code of a container whose end nobody saw. */
const unknownExitCode = 137;

export function sandboxRecordOf(item: PodSandbox, seenIn: number): SandboxRecord {
  return {
    id: item.id,
    attempt: item.metadata.attempt,
    createdAt: item.createdAt,
    ready: item.state === 'SANDBOX_READY',
    detailed: false,
    ip: '',
    hostNetwork: undefined,
    seenIn,
    suspect: false,
    item,
  };
}

export function containerRecordOf(item: Container, seenIn: number): ContainerRecord {
  const restartCount = Number(item.annotations[Keys.annotationRestartCount] ?? item.metadata.attempt);
  const streak = Number(item.annotations[streakAnnotation] ?? restartCount);
  const sidecar = item.annotations[sidecarAnnotation];
  return {
    id: item.id,
    sandboxId: item.podSandboxId,
    name: item.labels[Keys.labelContainerName] ?? item.metadata.name,
    attempt: Number.isFinite(restartCount) ? restartCount : item.metadata.attempt,
    createdAt: item.createdAt,
    hash: item.annotations[Keys.annotationHash],
    sidecarIndex: sidecar === undefined ? undefined : Number(sidecar),
    streak: Number.isFinite(streak) ? streak : 0,
    image: item.image.image,
    imageRef: item.imageRef,
    state: stateOf(item.state),
    detailed: false,
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: unknownExitCode,
    reason: '',
    vanished: false,
    seenIn,
    suspect: false,
    item,
  };
}

/** Takes a listed item into account. Returns whether anything changed. */
export function updateSandbox(record: SandboxRecord, item: PodSandbox): boolean {
  record.item = item;
  // A listing may be older than what is known: what has ended stays ended.
  if (!record.ready || item.state === 'SANDBOX_READY') return false;
  record.ready = false;
  return true;
}

/** Takes a listed item into account. Returns whether anything changed. */
export function updateContainer(record: ContainerRecord, item: Container): boolean {
  record.item = item;
  return advance(record, stateOf(item.state));
}

const rank: Record<ContainerRecordState, number> = { created: 0, running: 1, unknown: 1, exited: 2 };

function advance(record: ContainerRecord, state: ContainerRecordState): boolean {
  if (state === record.state || rank[state] < rank[record.state]) return false;
  record.state = state;
  record.detailed = false;
  return true;
}

export function applySandboxStatus(record: SandboxRecord, status: PodSandboxStatus): void {
  if (status.state === 'SANDBOX_NOTREADY') record.ready = false;
  record.ip = status.network?.ip ?? '';
  const mode = status.linux?.namespaces?.options?.network;
  record.hostNetwork = mode === undefined ? undefined : mode === 'NODE';
  record.detailed = true;
  record.suspect = false;
}

/** Details come straight from the container, so unlike a listing they may also end an unknown state. */
export function applyContainerStatus(record: ContainerRecord, status: ContainerStatus): void {
  const state = stateOf(status.state);
  if (record.state === 'unknown' && state === 'running') record.state = 'running';
  else advance(record, state);
  // An answer that was long on its way may be older than what a listing has shown since.
  if (rank[state] < rank[record.state]) return;
  record.startedAtMs = millisecondsOf(status.startedAt);
  record.imageRef = status.imageRef;
  if (record.state === 'exited') {
    record.finishedAtMs = millisecondsOf(status.finishedAt);
    record.exitCode = status.exitCode;
    record.reason = status.reason;
  }
  record.detailed = true;
  record.suspect = false;
}

/** The container is gone. Unless its end had been read before, nobody saw it end: that was no success. */
export function markVanished(record: ContainerRecord, nowMs: number): void {
  if (record.state !== 'exited' || record.finishedAtMs === 0) {
    record.state = 'exited';
    record.finishedAtMs = nowMs;
    record.exitCode = unknownExitCode;
    record.reason = 'ContainerStatusUnknown';
  }
  record.detailed = true;
  record.suspect = false;
  record.vanished = true;
  record.item = undefined;
}

/** Rounded up: a delay that counts from it is then never too short. */
function millisecondsOf(nanoseconds: number): number {
  return nanoseconds > 0 ? Math.ceil(nanoseconds / 1e6) : 0;
}

function stateOf(state: ContainerState): ContainerRecordState {
  switch (state) {
    case 'CONTAINER_CREATED':
      return 'created';
    case 'CONTAINER_RUNNING':
      return 'running';
    case 'CONTAINER_EXITED':
      return 'exited';
    case 'CONTAINER_UNKNOWN':
      return 'unknown';
  }
}

/** The newest sandbox, or undefined. */
export function newestSandbox(record: PodRecord): SandboxRecord | undefined {
  let newest: SandboxRecord | undefined;
  for (const sandbox of record.sandboxes) {
    if (newest === undefined || isNewer(sandbox, newest)) newest = sandbox;
  }
  return newest;
}

/** The container that counts of those of this name, in `sandboxId` when given: one that runs, else the newest. */
export function newestContainer(
  record: PodRecord,
  name: string,
  sandboxId?: string,
): ContainerRecord | undefined {
  let newest: ContainerRecord | undefined;
  for (const container of record.containers) {
    if (container.name !== name || (sandboxId !== undefined && container.sandboxId !== sandboxId)) continue;
    if (newest === undefined || precedes(container, newest)) newest = container;
  }
  return newest;
}

function precedes(left: ContainerRecord, right: ContainerRecord): boolean {
  return isLive(left) === isLive(right) ? isNewer(left, right) : isLive(left);
}

/** Attempts count up, whereas clocks may stand still; so they come first. */
function isNewer(
  left: { readonly attempt: number; readonly createdAt: number },
  right: { readonly attempt: number; readonly createdAt: number },
): boolean {
  return left.attempt !== right.attempt ? left.attempt > right.attempt : left.createdAt > right.createdAt;
}
