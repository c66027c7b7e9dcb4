import type { Container, Pod, RestartPolicy } from '../../harness/spec/pod.js';
import type { Timings } from '../../harness/spec/timings.js';
import { containerHash } from './content-hash.js';
import type { BackoffInput, Decisions } from './decisions.js';
import { newestContainer, newestSandbox } from './runtime-records.js';
import type { ContainerRecord, PodRecord, SandboxRecord } from './types.js';
import { hasLiveParts, isLive } from './types.js';

/** One container to be started. */
export interface StartAction {
  readonly container: Container;
  /** Created already; only the start is missing. */
  readonly created: ContainerRecord | undefined;
  /** Still runs or may run, and has to be stopped first. */
  readonly stopFirst: ContainerRecord | undefined;
  /** Its restart count, and its attempt in the runtime. */
  readonly attempt: number;
  readonly streak: number;
}

/** What to do to a pod now; afterwards it is computed anew from a newer view. */
export type PodActions =
  /** It has ended and is not to be started again. */
  | { readonly do: 'finish'; readonly phase: 'Succeeded' | 'Failed' }
  /** Its sandbox is of no use: everything is to be stopped, and a new one made. */
  | { readonly do: 'stopAll' }
  | { readonly do: 'createSandbox'; readonly attempt: number }
  | {
      readonly do: 'containers';
      readonly sandbox: SandboxRecord;
      readonly stops: readonly ContainerRecord[];
      readonly starts: readonly StartAction[];
      readonly wakeAtMs: number | undefined;
    }
  | {
      readonly do: 'nothing';
      readonly wakeAtMs: number | undefined;
      /** Names of containers that wait for their back-off. */
      readonly backingOff: readonly string[];
    };

export interface PodSituation {
  readonly pod: Pod;
  readonly record: PodRecord | undefined;
  readonly nowMs: number;
  readonly timings: Timings;
  readonly decisions: Decisions;
  /** Ids of containers that were stopped in order to be replaced. */
  readonly replacing: ReadonlySet<string>;
}

const empty: PodRecord = {
  uid: '',
  fullName: '',
  source: undefined,
  sandboxes: [],
  containers: [],
  sandboxAttemptMax: -1,
  version: 0,
};

/** Computes what to do to a pod that is wanted, from what is known of it. */
export function computePodActions(situation: PodSituation): PodActions {
  const record = situation.record ?? empty;
  const phase = finishedPhase(situation, record);
  if (phase !== undefined) return { do: 'finish', phase };
  const sandbox = newestSandbox(record);
  if (sandbox === undefined || !hasUsableSandbox(situation, record, sandbox)) {
    if (hasLiveParts(record)) return { do: 'stopAll' };
    return { do: 'createSandbox', attempt: record.sandboxAttemptMax + 1 };
  }
  const plan: ContainerPlan = { stops: [], starts: [], wakeAtMs: undefined, backingOff: [] };
  if (planInits(situation, record, sandbox, plan)) planRegulars(situation, record, plan);
  const { stops, starts, wakeAtMs, backingOff } = plan;
  if (stops.length === 0 && starts.length === 0) return { do: 'nothing', wakeAtMs, backingOff };
  return { do: 'containers', sandbox, stops, starts, wakeAtMs };
}

interface ContainerPlan {
  readonly stops: ContainerRecord[];
  readonly starts: StartAction[];
  wakeAtMs: number | undefined;
  readonly backingOff: string[];
}

function hasUsableSandbox(situation: PodSituation, record: PodRecord, newest: SandboxRecord): boolean {
  const { decisions, pod } = situation;
  let ready = 0;
  for (const sandbox of record.sandboxes) if (sandbox.ready) ready++;
  return ready <= decisions.readySandboxesMax && decisions.isSandboxUsable(newest, pod);
}

/** The phase of a pod that has ended for good, or undefined while there is something left to run. */
export function finishedPhase(
  situation: PodSituation,
  record: PodRecord,
): 'Succeeded' | 'Failed' | undefined {
  const { pod, decisions } = situation;
  const policy = policyOf(pod);
  if (policy === 'Always' && decisions.shouldRestart('Always', { exitCode: 0, reason: '' })) return undefined;
  for (const container of pod.spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') continue;
    const last = newestContainer(record, container.name);
    if (last?.state !== 'exited' || situation.replacing.has(last.id)) continue;
    const hasFailed = last.exitCode !== 0 || last.reason === 'OOMKilled';
    if (hasFailed && !decisions.shouldRestart(policy, last)) return 'Failed';
  }
  let failed = false;
  for (const container of pod.spec.containers) {
    const last = newestContainer(record, container.name);
    if (last?.state !== 'exited' || situation.replacing.has(last.id)) return undefined;
    if (decisions.shouldRestart(policy, last)) return undefined;
    if (last.exitCode !== 0 || last.reason === 'OOMKilled') failed = true;
  }
  return failed ? 'Failed' : 'Succeeded';
}

/** Plans init containers and sidecars. Returns whether the regular ones may run. */
function planInits(
  situation: PodSituation,
  record: PodRecord,
  sandbox: SandboxRecord,
  plan: ContainerPlan,
): boolean {
  const { pod, decisions } = situation;
  const inits = pod.spec.initContainers;
  if (inits === undefined || inits.length === 0) return true;
  const isInitialized = pod.spec.containers.some(
    (container) => newestContainer(record, container.name, sandbox.id) !== undefined,
  );
  for (const container of inits) {
    const isSidecar = container.restartPolicy === 'Always';
    if (isSidecar ? decisions.sidecars === 'never' : isInitialized) continue;
    const isOfAny = !isSidecar && decisions.initsCounted === 'inAny';
    const last = newestContainer(record, container.name, isOfAny ? undefined : sandbox.id);
    if (!isSidecar && last?.state === 'exited' && last.exitCode === 0 && last.reason !== 'OOMKilled')
      continue;
    const policy = isSidecar && decisions.sidecars === 'always' ? 'Always' : policyOf(pod);
    const isRunning = planContainer(situation, record, container, last, policy, plan);
    if (isInitialized || decisions.initOrder === 'together') continue;
    if (!isSidecar || !isRunning) return false;
  }
  return isInitialized || decisions.initOrder === 'together' || plan.starts.length === 0;
}

function planRegulars(situation: PodSituation, record: PodRecord, plan: ContainerPlan): void {
  const policy = policyOf(situation.pod);
  for (const container of situation.pod.spec.containers) {
    const last = newestContainer(record, container.name);
    planContainer(situation, record, container, last, policy, plan);
  }
}

/** Plans one container whose newest instance is `last`. Returns whether it runs as it should. */
function planContainer(
  situation: PodSituation,
  record: PodRecord,
  container: Container,
  last: ContainerRecord | undefined,
  policy: RestartPolicy,
  plan: ContainerPlan,
): boolean {
  const { decisions, timings, nowMs } = situation;
  const attempt = nextAttempt(record, container.name);
  const fresh = { container, created: undefined, stopFirst: undefined, attempt };
  if (last === undefined) {
    plan.starts.push({ ...fresh, streak: 0 });
    return false;
  }
  for (const other of record.containers) {
    // Of two that run one is too many.
    if (other.name === container.name && other !== last && isLive(other)) plan.stops.push(other);
  }
  const hash = containerHash(container);
  const isChanged = decisions.needsReplacement(last, container, hash);
  switch (last.state) {
    case 'created':
      plan.starts.push({ ...fresh, created: last, attempt: last.attempt, streak: last.streak });
      return false;
    case 'running':
      if (!isChanged) return true;
      plan.starts.push({ ...fresh, stopFirst: last, streak: 0 });
      return false;
    case 'unknown':
      if (decisions.onUnknownContainer === 'treatAsRunning') return true;
      if (decisions.onUnknownContainer === 'stopFirst') plan.stops.push(last);
      else plan.starts.push({ ...fresh, streak: last.streak + 1 });
      return false;
    case 'exited': {
      const isReplaced = situation.replacing.has(last.id);
      if (!isReplaced && !decisions.shouldRestart(policy, last)) return true;
      const exit: BackoffInput = {
        ...last,
        streak: decisions.crashesCounted === 'perPod' ? longestStreak(record) : last.streak,
        isChanged: isChanged || isReplaced,
        isInit: container.restartPolicy !== 'Always' && !situation.pod.spec.containers.includes(container),
      };
      const dueMs = decisions.restartDueMs(exit, timings);
      if (dueMs > nowMs) {
        plan.wakeAtMs = Math.min(plan.wakeAtMs ?? dueMs, dueMs);
        plan.backingOff.push(container.name);
      } else plan.starts.push({ ...fresh, streak: decisions.nextStreak(exit, timings) });
      return false;
    }
  }
}

function longestStreak(record: PodRecord): number {
  return Math.max(...record.containers.map(({ streak }) => streak));
}

function nextAttempt(record: PodRecord, name: string): number {
  let attempt = 0;
  for (const container of record.containers) {
    if (container.name === name && container.attempt >= attempt) attempt = container.attempt + 1;
  }
  return attempt;
}

export function policyOf(pod: Pod): RestartPolicy {
  return pod.spec.restartPolicy ?? 'Always';
}
