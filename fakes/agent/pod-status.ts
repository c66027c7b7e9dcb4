import type {
  Container,
  ContainerStatus,
  PodCondition,
  PodPhase,
  PodStatus,
} from '../../harness/spec/pod.js';
import type { PodReport } from './context.js';
import { newestContainer, newestSandbox } from './runtime-records.js';
import type { ContainerRecord } from './types.js';

/** The status of a pod as the agent's part of its API object says it, after `before`. */
export function podStatusOf(
  report: PodReport,
  before: PodStatus | undefined,
  nowMs: number,
  isRunningReady: (running: ContainerRecord) => boolean,
): PodStatus {
  const { pod } = report.entry;
  const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always';
  const inits = pod.spec.initContainers ?? [];
  const statusNow = (container: Container): ContainerStatus =>
    statusOf(report, container, before, isRunningReady);
  const regular = pod.spec.containers.map(statusNow);
  const initial = inits.map(statusNow);
  const phase = phaseOf(report, regular, before?.phase);
  const isTerminal = phase === 'Succeeded' || phase === 'Failed';
  const sandbox = report.record === undefined ? undefined : newestSandbox(report.record);
  const isInitialized =
    regular.some((status) => status.containerID !== undefined) ||
    inits.every((container, index) => isSidecar(container) || hasSucceeded(initial[index]!));
  const isReady = !isTerminal && regular.every((status) => status.ready);
  const podIP = sandbox?.ready === true && sandbox.ip !== '' ? sandbox.ip : before?.podIP;
  return {
    phase,
    conditions: [
      condition('Initialized', isInitialized),
      condition('Ready', isReady),
      condition('ContainersReady', isReady),
      condition('PodScheduled', true),
    ],
    ...(podIP === undefined ? {} : { podIP }),
    startTime: before?.startTime ?? isoTime(nowMs),
    containerStatuses: regular,
    ...(initial.length === 0 ? {} : { initContainerStatuses: initial }),
  };
}

function condition(type: string, holds: boolean): PodCondition {
  return { type, status: holds ? 'True' : 'False' };
}

/** A phase never goes back: what has run is not pending, and what has ended stays so. */
function phaseOf(
  report: PodReport,
  regular: readonly ContainerStatus[],
  before: PodPhase | undefined,
): PodPhase {
  if (before === 'Succeeded' || before === 'Failed') return before;
  if (report.finished !== undefined && !report.terminating) return report.finished;
  if (report.stopped) return regular.every(hasSucceeded) ? 'Succeeded' : 'Failed';
  if (before === 'Running') return 'Running';
  return regular.some((status) => status.containerID !== undefined) &&
    regular.every((status) => status.containerID !== undefined || status.lastState !== undefined)
    ? 'Running'
    : 'Pending';
}

function hasSucceeded(status: ContainerStatus): boolean {
  return status.state.terminated?.exitCode === 0;
}

function statusOf(
  report: PodReport,
  container: Container,
  before: PodStatus | undefined,
  isRunningReady: (running: ContainerRecord) => boolean,
): ContainerStatus {
  const { record, waiting } = report;
  const last = record === undefined ? undefined : newestContainer(record, container.name);
  if (last === undefined) return unstarted(report, container, before);
  const previous = record?.containers
    .filter((other) => other.name === container.name && other !== last && other.state === 'exited')
    .sort((left, right) => right.attempt - left.attempt)[0];
  const lastState = previous === undefined ? {} : { lastState: { terminated: terminationOf(previous) } };
  const common = {
    name: container.name,
    image: container.image,
    imageID: last.imageRef,
    restartCount: last.attempt,
    containerID: `cri://${last.id}`,
  };
  switch (last.state) {
    case 'running':
      return {
        ...common,
        ready: !report.stopped && isRunningReady(last),
        started: true,
        state: { running: { startedAt: isoTime(last.startedAtMs) } },
        ...lastState,
      };
    case 'created':
    case 'unknown':
      return {
        ...common,
        ready: false,
        started: false,
        state: { waiting: { reason: 'ContainerCreating' } },
        ...lastState,
      };
    case 'exited': {
      const reason = report.terminating ? undefined : waiting.get(container.name);
      const terminated = { terminated: terminationOf(last) };
      const ready = last.exitCode === 0 && report.record !== undefined && isPlainInit(report, container);
      if (reason === undefined) return { ...common, ready, started: false, state: terminated, ...lastState };
      return { ...common, ready: false, started: false, state: { waiting: reason }, lastState: terminated };
    }
  }
}

function isPlainInit(report: PodReport, container: Container): boolean {
  const isInit = report.entry.pod.spec.initContainers?.includes(container) === true;
  return isInit && container.restartPolicy !== 'Always';
}

/** What is reported of a container of which the runtime knows nothing. */
function unstarted(report: PodReport, container: Container, before: PodStatus | undefined): ContainerStatus {
  const known = [...(before?.containerStatuses ?? []), ...(before?.initContainerStatuses ?? [])].find(
    ({ name }) => name === container.name,
  );
  // How it ended stays on record after the runtime has forgotten it.
  if (known?.state.terminated !== undefined) return known;
  const base = {
    name: container.name,
    image: container.image,
    imageID: '',
    ready: false,
    started: false,
    restartCount: known?.restartCount ?? 0,
  };
  if (known?.state.running !== undefined && report.stopped) {
    const terminated = { exitCode: 137, reason: 'ContainerStatusUnknown' };
    return { ...base, state: { terminated } };
  }
  const waiting = report.waiting.get(container.name) ?? { reason: 'ContainerCreating' };
  return { ...base, state: { waiting } };
}

function terminationOf(record: ContainerRecord): NonNullable<ContainerStatus['state']['terminated']> {
  return {
    exitCode: record.exitCode,
    reason: record.reason !== '' ? record.reason : record.exitCode === 0 ? 'Completed' : 'Error',
    ...(record.startedAtMs > 0 ? { startedAt: isoTime(record.startedAtMs) } : {}),
    ...(record.finishedAtMs > 0 ? { finishedAt: isoTime(record.finishedAtMs) } : {}),
    containerID: `cri://${record.id}`,
  };
}

/** As the API writes times: whole seconds. */
function isoTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** Whether `actual` says all that the agent has to say with `wanted`; what others added does not count. */
export function coversStatus(actual: PodStatus | undefined, wanted: PodStatus): boolean {
  if (actual === undefined) return false;
  return (
    actual.phase === wanted.phase &&
    actual.podIP === wanted.podIP &&
    actual.startTime === wanted.startTime &&
    isEqual(actual.containerStatuses ?? [], wanted.containerStatuses ?? []) &&
    isEqual(actual.initContainerStatuses ?? [], wanted.initContainerStatuses ?? []) &&
    (wanted.conditions ?? []).every((own) =>
      actual.conditions?.some((other) => other.type === own.type && other.status === own.status),
    )
  );
}

function isEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  const leftFields = left as Record<string, unknown>;
  const rightFields = right as Record<string, unknown>;
  const names = Object.keys(leftFields);
  return (
    names.length === Object.keys(rightFields).length &&
    names.every((name) => isEqual(leftFields[name], rightFields[name]))
  );
}
