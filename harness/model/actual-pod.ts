import type { ChangeCause } from '../trace/events.js';

export interface ActualSandbox {
  readonly id: string;
  readonly pod: ActualPod;
  readonly attempt: number;
  ready: boolean;
  readonly createdSeq: number;
  readonly createdAtMs: number;
  /** It was asked for by an earlier life of the agent, and made after that had ended. */
  isLate: boolean;
  /** An earlier life of the agent asked for its stop, which came after that had ended. */
  isStoppedLate: boolean;
  changedSeq: number;
  changedAtMs: number;
  cause: ChangeCause;
}

export interface ActualContainer {
  readonly id: string;
  readonly pod: ActualPod;
  readonly sandboxId: string;
  readonly name: string;
  /** As the author of a pod would name it, where that is known. */
  image: string;
  /** Image, command and arguments as CreateContainer named them; absent when that call was not seen. */
  content: string | undefined;
  state: 'created' | 'running' | 'exited';
  exitCode: number | undefined;
  cause: ChangeCause;
  startedAtMs: number;
  startedSeq: number;
  changedAtMs: number;
  changedSeq: number;
  /** The last call to start it: when, in milliseconds, and in which life of the agent. -1: none. */
  startAskedMs: number;
  startAskedIn: number;
  /** The call that started it has answered OK, so the agent knows. */
  startConfirmed: boolean;
  /** When the agent first asked to stop it, in milliseconds, and whether any such call has been answered. */
  stopRequestedMs: number;
  stopAnswered: boolean;
  /** When its first preStop hook was asked for; -1: none. */
  hookBeganMs: number;
  /** Its definition has been another since it started: it may be replaced. */
  isLicensed: boolean;
  /** It was started for an earlier life of the agent, after that had ended. */
  isLate: boolean;
  /** It has run at the same time as another one of its name: an agent may know of one of them only. */
  isTwin: boolean;
}

/** What became of the containers of one name in one life of a pod. */
export interface ContainerHistory {
  readonly name: string;
  latest: ActualContainer | undefined;
  starts: number;
  /** Ends that the agent did not cause. */
  exits: number;
  exitCode: number | undefined;
  exitCause: ChangeCause | undefined;
  exitedAtMs: number;
  exitedSeq: number;
  /** The runtime has no record of it any more: others removed it, or a life of the agent that was not shown the pod. */
  recordLost: boolean;
}

/** All that the runtime has, or had, for one pod UID. */
export interface ActualPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly fullName: string;
  /** The number of the agent's life that made it. */
  readonly incarnation: number;
  readonly firstSeq: number;
  readonly firstAtMs: number;
  readonly sandboxes: Map<string, ActualSandbox>;
  readonly containers: Map<string, ActualContainer>;
  history: Map<string, ContainerHistory>;
  /** By container name, starts in earlier lives of the pod: an agent that goes by the UID may count them. */
  readonly earlierStarts: Map<string, number>;
  readyCount: number;
  runningCount: number;
  /** Versions of a static pod without a UID that this instance may be. */
  versions: Set<number>;
  /** What was moved until then may have been read before that; -1: only where reads cannot be observed. */
  readBeforeSeq: number;
  /** Since when it has been allowed to stop: it was unwanted at some time in its present life. */
  licenceSeq: number;
  /** It has had two ready sandboxes, and so everything of it is to be stopped. */
  isDoubled: boolean;
  /** When a ready sandbox of it was last ended from outside. */
  sandboxLostAtMs: number;
  /** The agent's first call that tore it down because it was unwanted; -1 when there was none. */
  teardownSeq: number;
  teardownAtMs: number;
  /** The first call in its present life that stopped something of it, or ran a hook to that end; -1: none. */
  stopBeganMs: number;
  /** When its last container and sandbox stopped; -1 while something runs. */
  stoppedAtMs: number;
  /** Counts from 1; a pod that was torn down and starts again has another life. */
  life: number;
  /** The event since which it has been in its present life. */
  lifeSeq: number;
  /** The last change of a sandbox or container of it. */
  changedSeq: number;
  /** The last state-changing call that concerned it, and how it ended. */
  lastCallSeq: number;
  /** The last ExecSync: a preStop hook is the first thing of a termination. */
  lastExecSeq: number;
  lastCallAtMs: number;
  lastCallMethod: string;
  lastCallFailed: boolean;
  /** What the last call that was to start something of it was refused with, while none has succeeded since. */
  startRefusal: string | undefined;
  /** When a call about it last failed: what it was for is tried again some time later. */
  failedAtMs: number;
  pendingCalls: number;
  /** It had finished when it was torn down for a removal that was taken back: it may run again, or not. */
  isOpenEnded: boolean;
  /** The last life of the agent that was shown a list which wants it. */
  wantedBy: number;
  /** The last Run, Create or Start that took effect although the agent was told that it failed; -1: none. */
  ambiguousSeq: number;
  /** Some container of it was there when the present life of the agent began, and may be gone since. */
  hadRecords: boolean;
  /** Containers that had ended when the present life began, and were removed by calls of an earlier one. */
  readonly removedLate: Set<string>;
  /** The last event about the end of one of its containers that was kept from the agent; -1: none. */
  lostEventSeq: number;
}

/** What happened to the containers of this name in the pod's present life. */
export function historyOf(pod: ActualPod, name: string): ContainerHistory {
  let history = pod.history.get(name);
  if (history === undefined) {
    history = {
      name,
      latest: undefined,
      starts: 0,
      exits: 0,
      exitCode: undefined,
      exitCause: undefined,
      exitedAtMs: -1,
      exitedSeq: -1,
      recordLost: false,
    };
    pod.history.set(name, history);
  }
  return history;
}

/** What happened to the pod so far belongs to a life of it that is over. */
export function beginNextLife(pod: ActualPod, seq: number): void {
  pod.life += 1;
  pod.lifeSeq = seq;
  for (const name of pod.history.keys()) pod.earlierStarts.set(name, startsOf(pod, name));
  pod.history = new Map();
}

/** How often containers of this name were started, in all lives of the pod. */
export function startsOf(pod: ActualPod, name: string): number {
  return (pod.earlierStarts.get(name) ?? 0) + (pod.history.get(name)?.starts ?? 0);
}

/** The ready sandbox of the pod, the newest when there are several. */
export function readySandboxOf(pod: ActualPod): ActualSandbox | undefined {
  let newest: ActualSandbox | undefined;
  for (const sandbox of pod.sandboxes.values()) {
    if (sandbox.ready && (newest === undefined || sandbox.createdSeq > newest.createdSeq)) newest = sandbox;
  }
  return newest;
}

/** The running container of this name, if any, the newest when there are several. */
export function runningContainerOf(pod: ActualPod, name: string): ActualContainer | undefined {
  let newest: ActualContainer | undefined;
  for (const container of pod.containers.values()) {
    if (container.name !== name || container.state !== 'running') continue;
    if (newest === undefined || container.startedSeq > newest.startedSeq) newest = container;
  }
  return newest;
}
