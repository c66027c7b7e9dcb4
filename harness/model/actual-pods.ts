import type { ContainerChanged, SandboxChanged, Stamp } from '../trace/events.js';
import { historyOf, runningContainerOf } from './actual-pod.js';
import type { ActualContainer, ActualPod, ActualSandbox, ContainerHistory } from './actual-pod.js';

export interface ActualPods {
  readonly pods: ReadonlyMap<string, ActualPod>;
  readonly containers: ReadonlyMap<string, ActualContainer>;
  readonly sandboxes: ReadonlyMap<string, ActualSandbox>;
  byName(fullName: string): readonly ActualPod[];
  /** The pod that a container of this id belongs to, or belonged to before it was removed. */
  podOfContainer(id: string): ActualPod | undefined;
  /** Whether there ever was a sandbox of this id. */
  hadSandbox(id: string): boolean;
  /** The pod of this UID, made when it is new. */
  touch(identity: PodIdentity, stamp: Stamp): ActualPod;
  sandboxChanged(event: SandboxChanged & Stamp): ActualPod;
  containerChanged(event: ContainerChanged & Stamp): ActualPod;
}

export interface PodIdentity {
  readonly podUid: string;
  readonly podNamespace: string;
  readonly podName: string;
}

const none: readonly ActualPod[] = [];

/** Follows what really exists in the runtime. `incarnation` tells the number of the agent's present life. */
export function createActualPods(options: {
  readonly incarnation: () => number;
  readonly onNewPod: (pod: ActualPod) => void;
}): ActualPods {
  const pods = new Map<string, ActualPod>();
  const named = new Map<string, ActualPod[]>();
  const containers = new Map<string, ActualContainer>();
  const sandboxes = new Map<string, ActualSandbox>();
  const everSandboxes = new Set<string>();
  const everContainers = new Map<string, ActualPod>();

  const touch = (identity: PodIdentity, stamp: Stamp): ActualPod => {
    let pod = pods.get(identity.podUid);
    if (pod === undefined) {
      pod = newPod(identity, stamp, options.incarnation());
      pods.set(identity.podUid, pod);
      const namesakes = named.get(pod.fullName);
      if (namesakes === undefined) named.set(pod.fullName, [pod]);
      else namesakes.push(pod);
      options.onNewPod(pod);
    }
    return pod;
  };

  return {
    pods,
    containers,
    sandboxes,
    byName: (fullName) => named.get(fullName) ?? none,
    podOfContainer: (id) => everContainers.get(id),
    hadSandbox: (id) => everSandboxes.has(id),
    touch,
    sandboxChanged(event) {
      const pod = touch(event, event);
      pod.changedSeq = event.seq;
      let sandbox = sandboxes.get(event.id);
      if (sandbox === undefined) {
        if (event.state === 'removed') return pod;
        sandbox = newSandbox(pod, event);
        sandboxes.set(event.id, sandbox);
        everSandboxes.add(event.id);
        pod.sandboxes.set(event.id, sandbox);
      }
      const ready = event.state === 'ready';
      if (ready !== sandbox.ready) pod.readyCount += ready ? 1 : -1;
      if (sandbox.ready && !ready && event.cause !== 'agent') pod.sandboxLostAtMs = event.t;
      sandbox.ready = ready;
      if (pod.readyCount > 1) pod.isDoubled = true;
      sandbox.cause = event.cause;
      sandbox.changedSeq = event.seq;
      sandbox.changedAtMs = event.t;
      if (event.state === 'removed') {
        sandboxes.delete(event.id);
        pod.sandboxes.delete(event.id);
      }
      noteStopped(pod, event.t);
      return pod;
    },
    containerChanged(event) {
      const pod = touch(event, event);
      pod.changedSeq = event.seq;
      const history = historyOf(pod, event.name);
      let container = containers.get(event.id);
      if (container === undefined) {
        if (event.state === 'removed') return pod;
        container = newContainer(pod, event);
        containers.set(event.id, container);
        everContainers.set(event.id, pod);
        pod.containers.set(event.id, container);
        history.latest = container;
        history.recordLost = false;
      }
      changeContainer(container, history, event);
      if (event.state === 'removed') {
        containers.delete(event.id);
        pod.containers.delete(event.id);
        const isOwn = event.cause === 'agent' && pod.wantedBy === options.incarnation();
        if (history.latest === container && !isOwn) history.recordLost = true;
      }
      noteStopped(pod, event.t);
      return pod;
    },
  };
}

function changeContainer(
  container: ActualContainer,
  history: ContainerHistory,
  event: ContainerChanged & Stamp,
): void {
  const { pod } = container;
  const wasRunning = container.state === 'running';
  const isRunning = event.state === 'running';
  if (isRunning !== wasRunning) pod.runningCount += isRunning ? 1 : -1;
  if (isRunning) {
    const other = runningContainerOf(pod, container.name);
    if (other !== undefined && other !== container) other.isTwin = container.isTwin = true;
    container.startedAtMs = event.t;
    container.startedSeq = event.seq;
    history.starts += 1;
    history.latest = container;
  } else if (wasRunning) {
    history.exitCode = event.exitCode ?? 137;
    history.exitCause = event.cause;
    history.exitedAtMs = event.t;
    history.exitedSeq = event.seq;
    if (event.cause !== 'agent') history.exits += 1;
  }
  container.state = event.state === 'removed' ? 'exited' : event.state;
  container.exitCode = event.exitCode ?? container.exitCode;
  container.cause = event.cause;
  container.changedAtMs = event.t;
  container.changedSeq = event.seq;
}

function noteStopped(pod: ActualPod, t: number): void {
  if (pod.readyCount > 0 || pod.runningCount > 0) pod.stoppedAtMs = -1;
  else {
    if (pod.stoppedAtMs < 0) pod.stoppedAtMs = t;
    pod.stopBeganMs = -1;
    pod.isDoubled = false;
  }
}

function newPod(identity: PodIdentity, stamp: Stamp, incarnation: number): ActualPod {
  return {
    uid: identity.podUid,
    namespace: identity.podNamespace,
    name: identity.podName,
    fullName: `${identity.podNamespace}/${identity.podName}`,
    incarnation,
    firstSeq: stamp.seq,
    firstAtMs: stamp.t,
    sandboxes: new Map(),
    containers: new Map(),
    history: new Map(),
    earlierStarts: new Map(),
    readyCount: 0,
    runningCount: 0,
    versions: new Set(),
    readBeforeSeq: -1,
    licenceSeq: -1,
    isDoubled: false,
    sandboxLostAtMs: -Infinity,
    teardownSeq: -1,
    teardownAtMs: -1,
    stopBeganMs: -1,
    stoppedAtMs: stamp.t,
    life: 1,
    lifeSeq: stamp.seq,
    changedSeq: -1,
    lastCallSeq: -1,
    lastExecSeq: -1,
    lastCallAtMs: -1,
    lastCallMethod: '',
    lastCallFailed: false,
    startRefusal: undefined,
    failedAtMs: -Infinity,
    pendingCalls: 0,
    isOpenEnded: false,
    wantedBy: 0,
    ambiguousSeq: -1,
    hadRecords: false,
    removedLate: new Set(),
    lostEventSeq: -1,
  };
}

function newSandbox(pod: ActualPod, event: SandboxChanged & Stamp): ActualSandbox {
  return {
    id: event.id,
    pod,
    attempt: event.attempt,
    ready: false,
    createdSeq: event.seq,
    createdAtMs: event.t,
    isLate: false,
    isStoppedLate: false,
    changedSeq: event.seq,
    changedAtMs: event.t,
    cause: event.cause,
  };
}

function newContainer(pod: ActualPod, event: ContainerChanged & Stamp): ActualContainer {
  return {
    id: event.id,
    pod,
    sandboxId: event.sandboxId,
    name: event.name,
    image: event.image,
    content: undefined,
    state: 'created',
    exitCode: undefined,
    cause: event.cause,
    startedAtMs: -1,
    startedSeq: -1,
    changedAtMs: event.t,
    changedSeq: event.seq,
    startAskedMs: -1,
    startAskedIn: -1,
    startConfirmed: false,
    stopRequestedMs: -1,
    stopAnswered: false,
    hookBeganMs: -1,
    isLicensed: false,
    isLate: false,
    isTwin: false,
  };
}
