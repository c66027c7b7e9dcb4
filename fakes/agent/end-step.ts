import { cleanUp } from './garbage-collection.js';
import { killPod } from './kill-pod.js';
import { createSandbox } from './pod-setup.js';
import { setupOf } from './run-step.js';
import { endTurn } from './static-turn.js';
import { hasLiveParts } from './types.js';
import type { WorkerState } from './worker-state.js';
import { beginTermination, createMemory, newBudget, podStopOf, refreshView, report } from './worker-state.js';

/** One step of a pod that is to end: stops what runs, until a fresh listing shows nothing. */
export async function endStep(worker: WorkerState): Promise<void> {
  const { context, memory, uid } = worker;
  const { decisions, view } = context;
  report(worker);
  const record = view.recordOf(uid);
  if (record !== undefined && !worker.mustInspect && hasLiveParts(record)) return stopParts(worker);
  if (worker.mayStartOnce && worker.entry !== undefined) {
    worker.mayStartOnce = false;
    await createSandbox(setupOf(worker, worker.entry), (record?.sandboxAttemptMax ?? -1) + 1);
  }
  if (memory.inFlight.size > 0) await Promise.allSettled([...memory.inFlight]);
  if (decisions.verifiesStop) {
    worker.mustInspect = true;
    if (!(await refreshView(worker))) return;
  }
  const fresh = view.recordOf(uid);
  if (memory.inFlight.size > 0) worker.again = true;
  else if (decisions.verifiesStop && fresh !== undefined && hasLiveParts(fresh)) await stopParts(worker);
  else {
    worker.mode = 'stopped';
    worker.budget = undefined;
    report(worker);
    endTurn(worker);
    worker.again = true;
  }
}

async function stopParts(worker: WorkerState): Promise<void> {
  const { context, uid, fullName } = worker;
  worker.mustInspect = true;
  try {
    worker.budget ??= newBudget(worker);
    await killPod(podStopOf(worker, worker.budget), context.view.recordOf(uid)!);
  } catch (error) {
    if (context.decisions.retriesStop) throw error;
    context.log(`${fullName}: giving up`);
    return;
  }
  worker.again = true;
}

/** One step of a pod that has ended: removes what is left of it once no source lists it. */
export async function stoppedStep(worker: WorkerState): Promise<void> {
  const { context, uid } = worker;
  const record = context.view.recordOf(uid);
  if (record !== undefined && hasLiveParts(record) && context.decisions.verifiesStop) {
    // A call of an earlier life may take effect as late as now.
    worker.mode = 'terminating';
    worker.again = true;
    return;
  }
  if (!worker.removed) return;
  report(worker);
  if (!(await cleanUp(context, uid))) {
    worker.wakeIn(Math.min(context.timings.housekeepingMs, context.timings.errorRetryMs));
    return;
  }
  context.view.forget(uid);
  context.images.forget(uid);
  if (worker.readded === undefined) {
    worker.mode = 'gone';
    context.onGone(worker.key);
  } else startAgain(worker);
}

/** The pod was removed and listed again while it was ending: it gets another life. */
function startAgain(worker: WorkerState): void {
  worker.entry = worker.readded;
  worker.readded = undefined;
  worker.removed = false;
  worker.mode = 'active';
  worker.life++;
  worker.memory = createMemory();
  worker.finished = undefined;
  worker.budget = undefined;
  worker.mustInspect = true;
  worker.again = true;
  noteEntry(worker);
}

/** Takes note of what an entry says beyond its containers, when a life of the pod begins. */
export function noteEntry(worker: WorkerState): void {
  const { pod } = worker.entry!;
  const { decisions } = worker.context;
  const phase = decisions.isFinishedAtSource(pod) ? pod.status?.phase : undefined;
  worker.finishedAtSource = phase === 'Succeeded' || phase === 'Failed' ? phase : undefined;
  if (decisions.isTerminating(pod)) beginTermination(worker);
}
