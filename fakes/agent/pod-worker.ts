import type { Timer } from '../../harness/core/clock.js';
import type { AgentContext } from './context.js';
import { endStep, noteEntry, stoppedStep } from './end-step.js';
import { Interrupted } from './pod-setup.js';
import { runStep } from './run-step.js';
import { endTurn } from './static-turn.js';
import type { DesiredPod } from './types.js';
import type { WorkerState } from './worker-state.js';
import { beginTermination, createWorkerState, report, retryLater } from './worker-state.js';

/**
 * Brings one pod from what it is to what it should be, one step at a time. Whatever happens only wakes it: what
 * to do is decided anew from the newest view each time, so no message is needed to arrive exactly once.
 */
export interface PodWorker {
  readonly key: string;
  readonly uid: string;
  readonly fullName: string;
  /** Undefined for pods of which only the runtime knows. */
  entry(): DesiredPod | undefined;
  isTerminating(): boolean;
  /** A source lists it, or lists it again. */
  add(entry: DesiredPod): void;
  /** As `add`, but what is left of it in the runtime belongs to a life that is over. */
  addAfterLife(entry: DesiredPod): void;
  /** Its definition changed. */
  update(entry: DesiredPod): void;
  /** The same pod with newer bookkeeping. */
  refresh(entry: DesiredPod): void;
  /** No source lists it any more. */
  remove(): void;
  /** Something may have changed. */
  wake(): void;
  /** Ends a pod of which only the runtime knows. */
  terminateOrphan(): void;
}

/** So many steps may follow each other at once; then the worker takes a breath. */
const stepsMax = 25;

export function createPodWorker(
  context: AgentContext,
  identity: { readonly key: string; readonly uid: string; readonly fullName: string },
): PodWorker {
  const { scheduler, timings } = context;
  let busy = false;
  let timer: Timer | undefined;
  const worker = createWorkerState(context, identity, wakeIn);

  /** Whole milliseconds, so that a trace does not depend on how fractions are rounded. */
  function wakeIn(delayMs: number | undefined): void {
    timer?.cancel();
    timer = delayMs === undefined ? undefined : scheduler.after(Math.ceil(delayMs), wake);
  }

  function wake(): void {
    if (worker.mode === 'gone' || scheduler.stopped()) return;
    if (busy) worker.again = true;
    else void run();
  }

  async function run(): Promise<void> {
    busy = true;
    wakeIn(undefined);
    for (let steps = 0; !scheduler.stopped(); steps++) {
      worker.again = false;
      try {
        await step(worker);
      } catch (error) {
        onStepError(worker, error);
      }
      if (!worker.again) break;
      if (steps >= stepsMax) {
        wakeIn(timings.relistMs);
        break;
      }
    }
    busy = false;
  }

  return {
    key: worker.key,
    uid: worker.uid,
    fullName: worker.fullName,
    entry: () => worker.readded ?? worker.entry,
    isTerminating: () => worker.mode !== 'active',
    wake,
    add(entry) {
      noteAddition(worker, entry);
      wake();
    },
    addAfterLife(entry) {
      worker.mode = 'stopped';
      worker.removed = true;
      worker.readded = entry;
      wake();
    },
    update(entry) {
      noteUpdate(worker, entry);
      wake();
    },
    refresh(entry) {
      if (worker.readded !== undefined) worker.readded = entry;
      else worker.entry = entry;
    },
    remove() {
      noteRemoval(worker);
      wake();
    },
    terminateOrphan() {
      worker.removed = true;
      beginTermination(worker);
      wake();
    },
  };
}

function step(worker: WorkerState): Promise<void> | void {
  const { context } = worker;
  // The runtime's recovery and its first listing wake every worker.
  if (!context.condition.runtimeReady && !context.decisions.worksWhileRuntimeDown) return;
  if (context.view.listed() === 0) return;
  switch (worker.mode) {
    case 'active':
      if (!worker.removed) return runStep(worker);
      // A removal that came before every source was ready.
      if (!context.mayStopUndesired()) return;
      beginTermination(worker);
      worker.again = true;
      return;
    case 'terminating':
      return endStep(worker);
    case 'stopped':
      return stoppedStep(worker);
    case 'gone':
      return;
  }
}

function onStepError(worker: WorkerState, error: unknown): void {
  // What was begun for a pod that goes on is begun anew, with a grace period of its own.
  if (worker.mode === 'active') worker.budget = undefined;
  worker.mustInspect = true;
  if (error instanceof Interrupted) {
    worker.again = true;
    return;
  }
  const why = error instanceof Error ? error.message : String(error);
  worker.context.log(`${worker.fullName} (${worker.uid}): ${why}`);
  retryLater(worker);
  report(worker);
}

function noteAddition(worker: WorkerState, entry: DesiredPod): void {
  const { context, key, fullName } = worker;
  if (worker.mode !== 'active') {
    // Of a pod that only the runtime knew, its definition now says how it ends.
    if (worker.mode === 'terminating') worker.entry ??= entry;
    if (context.decisions.readdDuringTermination === 'startAgain') worker.readded = entry;
    return;
  }
  const isNew = worker.entry === undefined;
  worker.entry = entry;
  worker.removed = false;
  if (isNew && entry.isStatic) context.names.wait(fullName, key);
  if (isNew) noteEntry(worker);
  else if (context.decisions.isTerminating(entry.pod)) beginTermination(worker);
}

function noteUpdate(worker: WorkerState, entry: DesiredPod): void {
  const { decisions } = worker.context;
  if (worker.readded !== undefined) {
    worker.readded = entry;
    return;
  }
  worker.entry = entry;
  worker.revision++;
  if (decisions.endedOnUpdate === 'runAgain') forgetEnds(worker);
  if (decisions.onMetadataChange === 'restartPod') worker.mustStopFirst = true;
  if (!decisions.isTerminating(entry.pod)) return;
  if (worker.mode === 'active') beginTermination(worker);
  else if (worker.mode === 'terminating') worker.budget?.request(decisions.graceS(entry.pod));
}

function forgetEnds(worker: WorkerState): void {
  worker.finished = undefined;
  for (const container of worker.context.view.recordOf(worker.uid)?.containers ?? [])
    if (container.state === 'exited') worker.memory.replacing.add(container.id);
}

function noteRemoval(worker: WorkerState): void {
  const { context, entry } = worker;
  if (worker.readded !== undefined) {
    worker.readded = undefined;
    return;
  }
  const isWaiting = worker.mode === 'active' && !worker.admitted && entry?.isStatic === true;
  if (isWaiting && !context.decisions.dropsWaiting) return;
  worker.removed = true;
  switch (worker.mode) {
    case 'active':
      if (isWaiting && isAbsent(worker)) dropUnstarted(worker);
      else if (context.mayStopUndesired()) beginTermination(worker);
      else worker.interrupt.fire();
      return;
    case 'terminating':
      if (!context.mayStopUndesired()) return;
      worker.budget?.request(Math.max(1, entry?.pod.spec.terminationGracePeriodSeconds ?? 30));
      return;
    case 'stopped':
    case 'gone':
      return;
  }
}

/** Nothing of it is in the runtime. Before the first listing nobody can say so: an earlier life may have run it. */
function isAbsent({ context, uid }: WorkerState): boolean {
  return context.view.listed() > 0 && context.view.recordOf(uid) === undefined;
}

/** It never ran: nothing is left to be stopped. */
function dropUnstarted(worker: WorkerState): void {
  worker.mode = 'gone';
  report(worker);
  worker.wakeIn(undefined);
  endTurn(worker);
  worker.context.onGone(worker.key);
}
