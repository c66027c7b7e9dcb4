import type { ContainerConfig, PodSandboxConfig } from '../../harness/ports/cri.js';
import type { Container, Pod } from '../../harness/spec/pod.js';
import { Keys } from '../../harness/spec/pod.js';
import type { AgentContext, WaitingReason } from './context.js';
import { containerHash } from './content-hash.js';
import { ImageError } from './images.js';
import type { PodStop } from './kill-pod.js';
import { stopContainer } from './kill-pod.js';
import type { PodActions, StartAction } from './pod-actions.js';
import { isNotFound } from './runtime-calls.js';
import { sidecarAnnotation, streakAnnotation } from './runtime-records.js';
import type { Signal } from './signal.js';
import { signalled, untilSignal } from './signal.js';
import type { DesiredPod } from './types.js';

/** What a worker remembers between its steps. */
export interface SetupMemory {
  /** Containers that were stopped in order to be replaced. */
  readonly replacing: Set<string>;
  /** Created containers that would not start. */
  readonly startFailed: Set<string>;
  readonly preStopRun: Set<string>;
  readonly waiting: Map<string, WaitingReason>;
  /** The last attempt made for each container; only an agent that does not look needs it. */
  readonly attempts: Map<string, number>;
  /** Calls that were abandoned when the pod's deletion interrupted its setup. */
  readonly inFlight: Set<Promise<unknown>>;
}

export interface PodSetup {
  readonly context: AgentContext;
  readonly entry: DesiredPod;
  readonly memory: SetupMemory;
  readonly interrupt: Signal;
  /** The pod is to end, or is wanted in another form than `entry` says. */
  readonly isInterrupted: () => boolean;
  readonly stop: () => PodStop;
}

/** Thrown when the setup is to be given up, because the pod is to end or to be another. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** So long a call that changes the pod may still take when the pod is to end; then it is abandoned. */
const patienceMs = 2_000;

/** Makes a call of the setup unless the pod is to end; gives up waiting some time after it is. */
async function guard<Value>(
  setup: PodSetup,
  call: () => Promise<Value>,
  waitMs: number = patienceMs,
): Promise<Value> {
  if (setup.isInterrupted()) throw new Interrupted();
  const pending = call();
  if (!setup.context.decisions.interruptsSetup) return pending;
  const outcome = await untilSignal(pending, setup.interrupt);
  if (outcome !== signalled) return outcome;
  const { inFlight } = setup.memory;
  const settled: Promise<unknown> = pending.catch(() => undefined).finally(() => inFlight.delete(settled));
  inFlight.add(settled);
  if (waitMs === 0) throw new Interrupted();
  const { scheduler } = setup.context;
  return new Promise<Value>((resolve, reject) => {
    const timer = scheduler.after(waitMs, () => reject(new Interrupted()));
    pending.then(resolve, reject).finally(() => timer.cancel());
  });
}

/** Makes the pod's sandbox. */
export async function createSandbox(setup: PodSetup, attempt: number): Promise<void> {
  const { context, entry } = setup;
  const config = sandboxConfigOf(entry.pod, attempt);
  let id: string;
  try {
    id = await guard(setup, () => context.calls.runSandbox(config));
  } catch (error) {
    if (error instanceof Interrupted || context.decisions.onAmbiguousWrite === 'list') throw error;
    id = await guard(setup, () => context.calls.runSandbox(sandboxConfigOf(entry.pod, attempt + 1)));
  }
  context.view.noteSandbox(
    { uid: entry.uid, fullName: entry.fullName, source: entry.source },
    {
      id,
      attempt,
      createdAt: context.scheduler.clock.now() * 1e6,
      ready: true,
      detailed: false,
      ip: '',
      hostNetwork: undefined,
      seenIn: context.view.begun(),
      suspect: false,
      item: undefined,
    },
  );
}

/** Stops and starts containers. One that fails does not hold up the others; the errors are returned. */
export async function runContainers(
  setup: PodSetup,
  actions: Extract<PodActions, { do: 'containers' }>,
): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const container of actions.stops) {
    try {
      await guard(setup, () => stopContainer(setup.stop(), container));
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      errors.push(error);
    }
  }
  for (const start of actions.starts) {
    const { name } = start.container;
    try {
      await startContainer(setup, actions.sandbox.id, actions.sandbox.attempt, start);
      setup.memory.waiting.delete(name);
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      setup.memory.waiting.set(name, waitingReasonOf(error));
      errors.push(error);
    }
  }
  return errors;
}

async function startContainer(
  setup: PodSetup,
  sandboxId: string,
  sandboxAttempt: number,
  start: StartAction,
): Promise<void> {
  const { context, entry, memory } = setup;
  const { created, stopFirst } = start;
  if (stopFirst !== undefined) {
    await guard(setup, () => stopContainer(setup.stop(), stopFirst));
    memory.replacing.add(stopFirst.id);
  }
  if (created !== undefined) {
    const isGood =
      created.sandboxId === sandboxId &&
      !memory.startFailed.has(created.id) &&
      (created.hash === undefined || created.hash === containerHash(start.container));
    if (isGood) return startCreated(setup, created.id);
    await guard(setup, () => context.calls.removeContainer(created.id)).catch(ignoreNotFound);
    context.view.noteContainerRemoved(entry.uid, created);
    // What comes next depends on what was there before it.
    return;
  }
  const sandboxConfig = sandboxConfigOf(entry.pod, sandboxAttempt);
  const image = await guard(setup, () => context.images.ensure(entry.uid, start.container, sandboxConfig), 0);
  const attempt = attemptOf(setup, start);
  const config = containerConfigOf(entry.pod, { ...start, attempt }, image);
  let id: string;
  try {
    id = await guard(setup, () => context.calls.createContainer(sandboxId, config, sandboxConfig));
  } catch (error) {
    if (error instanceof Interrupted || context.decisions.onAmbiguousWrite === 'list') throw error;
    const next = containerConfigOf(entry.pod, { ...start, attempt: start.attempt + 1 }, image);
    id = await guard(setup, () => context.calls.createContainer(sandboxId, next, sandboxConfig));
  }
  if (!context.decisions.remembersOwnWrites) {
    await guard(setup, () => context.calls.startContainer(id));
    return;
  }
  context.view.noteContainer(entry.uid, {
    id,
    sandboxId,
    name: start.container.name,
    attempt: start.attempt,
    createdAt: context.scheduler.clock.now() * 1e6,
    hash: containerHash(start.container),
    sidecarIndex: sidecarIndexOf(entry.pod, start.container),
    streak: start.streak,
    image,
    imageRef: image,
    state: 'created',
    detailed: true,
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: 137,
    reason: '',
    vanished: false,
    seenIn: context.view.begun(),
    suspect: false,
    item: undefined,
  });
  await startCreated(setup, id);
}

function attemptOf(setup: PodSetup, start: StartAction): number {
  const { context, memory } = setup;
  if (context.decisions.remembersOwnWrites) return start.attempt;
  const attempt = Math.max(start.attempt, (memory.attempts.get(start.container.name) ?? -1) + 1);
  memory.attempts.set(start.container.name, attempt);
  return attempt;
}

async function startCreated(setup: PodSetup, id: string): Promise<void> {
  const { context, entry, memory } = setup;
  try {
    await guard(setup, () => context.calls.startContainer(id));
  } catch (error) {
    // It may have started all the same: until its status is read, it counts as unread.
    const failed = context.view.recordOf(entry.uid)?.containers.find((container) => container.id === id);
    if (failed !== undefined) failed.detailed = false;
    if (!(error instanceof Interrupted)) memory.startFailed.add(id);
    throw error;
  }
  const record = context.view.recordOf(entry.uid)?.containers.find((container) => container.id === id);
  if (record !== undefined) context.view.noteStarted(entry.uid, record);
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

function waitingReasonOf(error: unknown): WaitingReason {
  const message = error instanceof Error ? error.message : String(error);
  return { reason: error instanceof ImageError ? error.reason : 'CreateContainerError', message };
}

const configs = new WeakMap<Pod, PodSandboxConfig>();

function sandboxConfigOf(pod: Pod, attempt: number): PodSandboxConfig {
  const known = configs.get(pod);
  if (known?.metadata.attempt === attempt) return known;
  const { name, namespace = 'default', uid } = pod.metadata;
  const config: PodSandboxConfig = {
    metadata: { name, namespace, uid: uid!, attempt },
    hostname: name.slice(0, 63),
    logDirectory: `/var/log/pods/${namespace}_${name}_${uid}`,
    labels: { ...pod.metadata.labels, ...podLabels(pod) },
    annotations: { ...pod.metadata.annotations },
    linux: {
      securityContext: { namespaceOptions: { network: pod.spec.hostNetwork === true ? 'NODE' : 'POD' } },
    },
  };
  configs.set(pod, config);
  return config;
}

function containerConfigOf(pod: Pod, start: StartAction, image: string): ContainerConfig {
  const { container, attempt, streak } = start;
  const sidecarIndex = sidecarIndexOf(pod, container);
  return {
    metadata: { name: container.name, attempt },
    image: { image },
    command: [...(container.command ?? [])],
    args: [...(container.args ?? [])],
    envs: (container.env ?? []).map(({ name, value }) => ({ key: name, value })),
    labels: { ...podLabels(pod), [Keys.labelContainerName]: container.name },
    annotations: {
      [Keys.annotationHash]: containerHash(container),
      [Keys.annotationRestartCount]: String(attempt),
      [streakAnnotation]: String(streak),
      ...(sidecarIndex === undefined ? {} : { [sidecarAnnotation]: String(sidecarIndex) }),
    },
    logPath: `${container.name}/${attempt}.log`,
  };
}

function sidecarIndexOf(pod: Pod, container: Container): number | undefined {
  if (container.restartPolicy !== 'Always') return undefined;
  const index = pod.spec.initContainers?.indexOf(container) ?? -1;
  return index < 0 ? undefined : index;
}

function podLabels(pod: Pod): Record<string, string> {
  return {
    [Keys.labelPodName]: pod.metadata.name,
    [Keys.labelPodNamespace]: pod.metadata.namespace ?? 'default',
    [Keys.labelPodUid]: pod.metadata.uid!,
  };
}
