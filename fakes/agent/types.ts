import type { Timer } from '../../harness/core/clock.js';
import type { AgentClock } from '../../harness/ports/agent.js';
import type { Pod, SourceKind } from '../../harness/spec/pod.js';

/** One pod that a source asks for, complete: named, namespaced, with a UID and the agent's annotations. */
export interface DesiredPod {
  /** What tells this pod from another; the UID, unless an agent is blind to it. */
  readonly key: string;
  readonly uid: string;
  /** `namespace/name`. */
  readonly fullName: string;
  readonly source: SourceKind;
  /** From a source without an API object behind its pods: file or http. */
  readonly isStatic: boolean;
  readonly pod: Pod;
}

/** A sandbox as far as it is known. A sandbox that stopped being ready never becomes ready again. */
export interface SandboxRecord {
  readonly id: string;
  readonly attempt: number;
  readonly createdAt: number;
  ready: boolean;
  /** IP and network mode are known: PodSandboxStatus was read since the sandbox was first seen. */
  detailed: boolean;
  ip: string;
  hostNetwork: boolean | undefined;
  /** The number of the last listing that showed it, or in which it was known without a listing. */
  seenIn: number;
  /** A listing did not show it; its status has to be asked for. */
  suspect: boolean;
  /** The message of the last listing: the same object again means that nothing changed. */
  item: object | undefined;
}

export type ContainerRecordState = 'created' | 'running' | 'exited' | 'unknown';

/** A container as far as it is known. Its state only goes forward: created, running, exited. */
export interface ContainerRecord {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly createdAt: number;
  /** Of the definition it was made from. */
  readonly hash: string | undefined;
  /** The place of a sidecar among its pod's init containers; undefined for all others. */
  readonly sidecarIndex: number | undefined;
  /** Restarts in the present series of crashes, this start included. */
  readonly streak: number;
  readonly image: string;
  imageRef: string;
  state: ContainerRecordState;
  /** ContainerStatus was read since the state last changed. */
  detailed: boolean;
  startedAtMs: number;
  finishedAtMs: number;
  exitCode: number;
  reason: string;
  /** It is no longer in the runtime, and this agent did not remove it. */
  vanished: boolean;
  seenIn: number;
  suspect: boolean;
  item: object | undefined;
}

/** What is known to exist in the runtime for one pod UID. */
export interface PodRecord {
  readonly uid: string;
  readonly fullName: string;
  /** From the sandbox's annotations, when they name one. */
  source: string | undefined;
  sandboxes: SandboxRecord[];
  containers: ContainerRecord[];
  /** The highest sandbox attempt ever seen. */
  sandboxAttemptMax: number;
  /** Grows with every change. */
  version: number;
}

/** A container that runs, or may run. */
export function isLive(container: ContainerRecord): boolean {
  return !container.vanished && (container.state === 'running' || container.state === 'unknown');
}

/** Whether anything of the pod runs or holds resources. */
export function hasLiveParts(record: PodRecord): boolean {
  return record.sandboxes.some((sandbox) => sandbox.ready) || record.containers.some(isLive);
}

/** Whether all of the pod was made before this moment, in milliseconds since the epoch. */
export function isFromEarlierLife(record: PodRecord, startedAtMs: number): boolean {
  return record.sandboxes.every((sandbox) => sandbox.createdAt / 1e6 < startedAtMs);
}

/** Starts a callback later unless the agent has stopped by then. */
export interface Scheduler {
  readonly clock: AgentClock;
  after(delayMs: number, callback: () => void): Timer;
  readonly stopped: () => boolean;
}
