import type { Pod } from '../../harness/spec/pod.js';
import type { AgentContext } from './context.js';
import { isNotFound } from './runtime-calls.js';
import { signalled, untilSignal } from './signal.js';
import type { StopBudget } from './stop-budget.js';
import type { ContainerRecord, PodRecord } from './types.js';
import { isLive } from './types.js';

/** One stop of a pod or of some of its containers. */
export interface PodStop {
  readonly context: AgentContext;
  readonly uid: string;
  /** Undefined for pods of which only the runtime knows. */
  readonly pod: Pod | undefined;
  readonly budget: StopBudget;
  /** Containers whose preStop hook was run before. */
  readonly preStopRun: Set<string>;
}

/** So often at most a stop is asked for anew because its grace period was shortened. */
const shorteningsMax = 100;

/**
 * Stops everything of the pod that runs: regular containers side by side, then sidecars from the last to the
 * first, then the sandboxes. Rejects when any stop failed; it can be repeated.
 */
export async function killPod(stop: PodStop, record: PodRecord): Promise<void> {
  const { decisions } = stop.context;
  const live = record.containers.filter(isLive);
  if (decisions.stopOrder !== 'containersThenSandbox') await stopSandboxes(stop, record);
  if (decisions.stopOrder !== 'sandboxOnly') {
    const errors = await stopContainers(stop, live);
    // A container that resists is given its whole period before the sandbox's end takes it down.
    if (errors.length > 0 && (stop.budget.remainingMs() > 0 || !decisions.retriesStop)) throw errors[0];
  }
  await stopSandboxes(stop, record);
}

async function stopContainers(stop: PodStop, live: readonly ContainerRecord[]): Promise<unknown[]> {
  const errors: unknown[] = [];
  const stopEach = async (container: ContainerRecord): Promise<void> => {
    try {
      await stopContainer(stop, container);
    } catch (error) {
      errors.push(error);
    }
  };
  const sidecars = live
    .filter((container) => container.sidecarIndex !== undefined)
    .sort((left, right) => right.sidecarIndex! - left.sidecarIndex!);
  const regular = live.filter((container) => container.sidecarIndex === undefined);
  const { regularOrder, sidecarOrder } = stop.context.decisions;
  const stopRegular = async (): Promise<void> => {
    if (regularOrder === 'together') await Promise.all(regular.map(stopEach));
    else for (const container of regular) await stopEach(container);
  };
  switch (sidecarOrder) {
    case 'afterInReverse':
      await stopRegular();
      for (const sidecar of sidecars) await stopEach(sidecar);
      break;
    case 'afterInOrder':
      await stopRegular();
      for (const sidecar of sidecars.toReversed()) await stopEach(sidecar);
      break;
    case 'first':
      for (const sidecar of sidecars) await stopEach(sidecar);
      await stopRegular();
      break;
    case 'together':
      await Promise.all(live.map(stopEach));
      break;
  }
  return errors;
}

async function stopSandboxes(stop: PodStop, record: PodRecord): Promise<void> {
  const { context, uid } = stop;
  for (const sandbox of [...record.sandboxes]) {
    if (!sandbox.ready && !context.decisions.stopsEndedSandboxes) continue;
    try {
      await context.calls.stopSandbox(sandbox.id);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    context.view.noteSandboxStopped(uid, sandbox);
  }
}

/** Runs the preStop hook and stops the container within what is left of the budget. */
export async function stopContainer(stop: PodStop, container: ContainerRecord): Promise<void> {
  const { context, uid, budget } = stop;
  budget.timeoutS();
  await runPreStop(stop, container);
  for (let round = 0; round < shorteningsMax; round++) {
    const call = context.calls.stopContainer(container.id, budget.timeoutS()).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    const outcome = await untilSignal(call, budget.shortened);
    if (outcome !== signalled) break;
    // The longer stop is still on its way; the shorter one overtakes it.
  }
  context.view.noteStopped(uid, container);
}

async function runPreStop(stop: PodStop, container: ContainerRecord): Promise<void> {
  const { context, pod, budget, preStopRun } = stop;
  const containers = [...(pod?.spec.containers ?? []), ...(pod?.spec.initContainers ?? [])];
  const hook = containers.find(({ name }) => name === container.name)?.lifecycle?.preStop;
  if (hook === undefined || container.state !== 'running') return;
  const alreadyRun = preStopRun.has(container.id);
  if (!context.decisions.runsPreStop({ alreadyRun, isOrphan: pod === undefined })) return;
  preStopRun.add(container.id);
  const limitMs = budget.remainingMs();
  if (limitMs <= 0) return;
  // Whatever becomes of the hook, the container is stopped.
  const call = context.calls.exec(container.id, hook.exec.command, limitMs).catch(() => undefined);
  for (let round = 0; round < shorteningsMax; round++) {
    const outcome = await untilSignal(call, budget.shortened);
    if (outcome !== signalled || budget.remainingMs() <= 0) return;
  }
}
