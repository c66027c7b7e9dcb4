import { CriError } from '../../harness/ports/cri.js';
import { removeSurplus } from './garbage-collection.js';
import { ImageError } from './images.js';
import { killPod } from './kill-pod.js';
import type { PodActions } from './pod-actions.js';
import { computePodActions } from './pod-actions.js';
import type { PodSetup } from './pod-setup.js';
import { createSandbox, runContainers } from './pod-setup.js';
import { runsOutOfTurn, takeTurn } from './static-turn.js';
import type { DesiredPod } from './types.js';
import { hasLiveParts, isFromEarlierLife } from './types.js';
import type { WorkerState } from './worker-state.js';
import { newBudget, podStopOf, refreshView, report } from './worker-state.js';

/** One step of a pod that is to run: looks at what there is, and does what is missing. */
export async function runStep(worker: WorkerState): Promise<void> {
  const { context } = worker;
  const { decisions, timings, random } = context;
  if (!worker.admitted && !takeTurn(worker)) {
    worker.wakeIn((1 + random() / 2) * timings.staticRetryMs);
    if (!runsOutOfTurn(worker)) return;
    worker.mustInspect = true;
    if ((await refreshView(worker)) && runsOutOfTurn(worker)) await stopAll(worker);
    return;
  }
  if (!decisions.startsPods(context.sources())) {
    worker.wakeIn((1 + random() / 2) * timings.errorRetryMs);
    return;
  }
  if (!context.condition.networkReady && !decisions.startsWithoutNetwork(worker.entry!.pod)) {
    worker.wakeIn((1 + random() / 2) * timings.networkRetryMs);
    return;
  }
  const begunWith = worker.entry!;
  if (!(await refreshView(worker))) return;
  const isNewest = decisions.looksWith === 'newest';
  if (isNewest && isOver(worker)) {
    worker.again = true;
    return;
  }
  const current = isNewest ? worker.entry! : begunWith;
  const actions = nextActions(worker, current);
  // A manifest that cannot be read keeps its pod as it is, but brings nothing to life.
  if (actions.do === 'createSandbox' && context.isHeld(worker.uid)) return rest(worker, undefined);
  await act(worker, current, actions);
  if (!isNewest && (isOver(worker) || worker.entry !== current)) worker.again = true;
}

/** The pod is not to run any more. */
function isOver({ mode, removed }: WorkerState): boolean {
  return mode !== 'active' || removed;
}

function nextActions(worker: WorkerState, current: DesiredPod): PodActions {
  const { context, uid } = worker;
  const record = context.view.recordOf(uid);
  if (worker.mustStopFirst) {
    worker.mustStopFirst = false;
    const isOld = record !== undefined && isFromEarlierLife(record, context.startedAtMs);
    if (record !== undefined && hasLiveParts(record) && (isOld || worker.revision > 0)) {
      return { do: 'stopAll' };
    }
  }
  if (worker.finishedAtSource !== undefined) return { do: 'finish', phase: worker.finishedAtSource };
  return computePodActions({
    pod: current.pod,
    record,
    nowMs: context.scheduler.clock.now(),
    timings: context.timings,
    decisions: context.decisions,
    replacing: worker.memory.replacing,
  });
}

async function act(worker: WorkerState, current: DesiredPod, actions: PodActions): Promise<void> {
  const { context, memory } = worker;
  switch (actions.do) {
    case 'finish':
      return finish(worker, actions.phase);
    case 'stopAll':
      return stopAll(worker);
    case 'createSandbox':
      memory.waiting.clear();
      await createSandbox(setupOf(worker, current), actions.attempt);
      worker.again = true;
      return;
    case 'containers': {
      const errors = await runContainers(setupOf(worker, current), actions);
      if (worker.mode === 'active') worker.budget = undefined;
      if (errors.length > 0) failLater(worker, errors);
      else if (context.decisions.remembersOwnWrites) worker.again = true;
      else worker.wakeIn(context.timings.relistMs / 2);
      return;
    }
    case 'nothing':
      memory.waiting.clear();
      for (const name of actions.backingOff) memory.waiting.set(name, { reason: 'CrashLoopBackOff' });
      return rest(worker, actions.wakeAtMs);
  }
}

async function finish(worker: WorkerState, phase: 'Succeeded' | 'Failed'): Promise<void> {
  const record = worker.context.view.recordOf(worker.uid);
  if (record !== undefined && hasLiveParts(record)) return stopAll(worker);
  worker.finished = phase;
  worker.memory.waiting.clear();
  if (record !== undefined && worker.context.decisions.stopsEndedSandboxes)
    await killPod(podStopOf(worker, newBudget(worker)), record);
  await rest(worker, undefined);
}

async function stopAll(worker: WorkerState): Promise<void> {
  worker.budget ??= newBudget(worker);
  await killPod(podStopOf(worker, worker.budget), worker.context.view.recordOf(worker.uid)!);
  // A stop that became the end of the pod meanwhile keeps the grace period it began with.
  if (worker.mode === 'active') worker.budget = undefined;
  worker.mustInspect = worker.again = true;
}

/** Something could not be done now: tries again after a while, or when an image's back-off is over. */
function failLater(worker: WorkerState, errors: readonly unknown[]): void {
  const { decisions, timings, random, scheduler, log } = worker.context;
  worker.mustInspect = true;
  for (const error of errors) {
    log(`${worker.fullName}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const due = errors.map((error) => (error instanceof ImageError ? error.dueMs : undefined));
  const isAllDue = due.every((moment) => moment !== undefined);
  const dueMs = isAllDue ? Math.min(...due) - scheduler.clock.now() : Infinity;
  const usualMs = decisions.retryDelayMs(timings, random());
  const hasOldView = errors.some(isNameTaken);
  const retryMs = hasOldView && usualMs !== undefined ? Math.min(usualMs, timings.relistMs) : usualMs;
  worker.wakeIn(retryMs === undefined ? undefined : Math.max(1, Math.min(retryMs, dueMs)));
  report(worker);
}

/** Runtimes have no code of their own for it. */
function isNameTaken(error: unknown): boolean {
  return error instanceof CriError && error.message.includes('is reserved for');
}

/** All is as it should be: tidies up, reports, and looks again after a while. */
async function rest(worker: WorkerState, wakeAtMs: number | undefined): Promise<void> {
  const { decisions, timings, random, scheduler } = worker.context;
  report(worker);
  await removeSurplus(worker.context, worker.uid);
  const resyncMs = decisions.resyncDelayMs(timings, random());
  if (wakeAtMs === undefined) worker.wakeIn(resyncMs);
  else worker.wakeIn(Math.min(Math.max(0, wakeAtMs - scheduler.clock.now()), resyncMs ?? Infinity));
}

/** The setup of the pod as `current` says it; given up when the pod is to end or to be another. */
export function setupOf(worker: WorkerState, current: DesiredPod): PodSetup {
  const { context, revision, interrupt, memory } = worker;
  const isInterrupted = (): boolean =>
    context.decisions.interruptsSetup &&
    (worker.mode !== 'active' || worker.removed || worker.revision !== revision);
  return {
    context,
    entry: current,
    memory,
    interrupt,
    isInterrupted,
    stop: () => podStopOf(worker, (worker.budget ??= newBudget(worker))),
  };
}
