import { CriError } from '../../harness/ports/cri.js';
import type { AgentContext } from './context.js';
import type { PodStop } from './kill-pod.js';
import type { SetupMemory } from './pod-setup.js';
import type { Signal } from './signal.js';
import { createSignal } from './signal.js';
import type { StopBudget } from './stop-budget.js';
import { createStopBudget } from './stop-budget.js';
import type { DesiredPod } from './types.js';

export type WorkerMode =
  /** The pod is to run. */
  | 'active'
  /** It is to end, and may still run. */
  | 'terminating'
  /** It has ended; what is left of it waits to be removed. */
  | 'stopped'
  | 'gone';

/** What one pod worker knows and remembers; its steps change it. */
export interface WorkerState {
  readonly context: AgentContext;
  readonly key: string;
  readonly uid: string;
  readonly fullName: string;
  /** Fires when work in progress is no longer wanted. */
  readonly interrupt: Signal;
  /** Looks at the pod again then; undefined: only when something wakes it. Replaces the moment set before. */
  readonly wakeIn: (delayMs: number | undefined) => void;
  mode: WorkerMode;
  /** Undefined for pods of which only the runtime knows. */
  entry: DesiredPod | undefined;
  /** No source lists it any more. */
  removed: boolean;
  /** It was listed again while it was ending. */
  readded: DesiredPod | undefined;
  /** It may run: nobody else holds its name. */
  admitted: boolean;
  finished: 'Succeeded' | 'Failed' | undefined;
  finishedAtSource: 'Succeeded' | 'Failed' | undefined;
  memory: SetupMemory;
  budget: StopBudget | undefined;
  /** The next decision needs a listing of this pod first. */
  mustInspect: boolean;
  seenVersion: number;
  /** Counts its removals and returns. */
  life: number;
  /** Counts its definitions. */
  revision: number;
  /** Another step is due at once. */
  again: boolean;
  /** Only wrong decisions ask for these two. */
  mustStopFirst: boolean;
  mayStartOnce: boolean;
}

export function createWorkerState(
  context: AgentContext,
  identity: { readonly key: string; readonly uid: string; readonly fullName: string },
  wakeIn: (delayMs: number | undefined) => void,
): WorkerState {
  return {
    context,
    key: identity.key,
    uid: identity.uid,
    fullName: identity.fullName,
    interrupt: createSignal(),
    wakeIn,
    mode: 'active',
    entry: undefined,
    removed: false,
    readded: undefined,
    admitted: false,
    finished: undefined,
    finishedAtSource: undefined,
    memory: createMemory(),
    budget: undefined,
    mustInspect: true,
    seenVersion: -1,
    life: 0,
    revision: 0,
    again: false,
    mustStopFirst: context.decisions.onAdoption === 'restart',
    mayStartOnce: context.decisions.startsWhileTerminating,
  };
}

export function createMemory(): SetupMemory {
  return {
    replacing: new Set(),
    startFailed: new Set(),
    preStopRun: new Set(),
    waiting: new Map(),
    attempts: new Map(),
    inFlight: new Set(),
  };
}

/** Tells the status what there is now. */
export function report(worker: WorkerState): void {
  const { context, entry, mode } = worker;
  if (entry === undefined) return;
  context.report({
    entry,
    record: context.view.recordOf(worker.uid),
    waiting: worker.memory.waiting,
    life: worker.life,
    finished: worker.finished,
    terminating: mode !== 'active',
    stopped: mode === 'stopped' || mode === 'gone',
    removed: worker.removed,
  });
}

export function retryLater(worker: WorkerState): void {
  const { decisions, timings, random } = worker.context;
  worker.wakeIn(decisions.retryDelayMs(timings, random()));
}

/** Makes sure that what is known is newer than the last action. False: it failed and is tried again soon. */
export async function refreshView(worker: WorkerState): Promise<boolean> {
  const { context, uid } = worker;
  const { view, timings } = context;
  try {
    if (worker.mustInspect) {
      worker.mustInspect = false;
      await view.inspect(uid);
    } else if ((view.recordOf(uid)?.version ?? -1) !== worker.seenVersion) await view.fillDetails(uid);
  } catch (error) {
    if (!(error instanceof CriError)) throw error;
    worker.mustInspect = true;
    worker.wakeIn(Math.min(timings.relistMs, timings.errorRetryMs));
    return false;
  }
  worker.seenVersion = view.recordOf(uid)?.version ?? -1;
  return true;
}

/** The grace period that a stop begun now would have. */
export function newBudget(worker: WorkerState): StopBudget {
  const { decisions, scheduler } = worker.context;
  const { entry } = worker;
  const graceS = entry === undefined ? decisions.orphanGraceS : decisions.graceS(entry.pod);
  return createStopBudget(graceS, decisions, () => scheduler.clock.now());
}

export function podStopOf(worker: WorkerState, budget: StopBudget): PodStop {
  const { context, uid, entry, memory } = worker;
  return { context, uid, pod: entry?.pod, budget, preStopRun: memory.preStopRun };
}

/** From now on the pod is to end; what is being set up for it is given up. */
export function beginTermination(worker: WorkerState): void {
  if (worker.mode !== 'active') return;
  worker.mode = 'terminating';
  if (worker.entry !== undefined) worker.budget?.request(worker.context.decisions.graceS(worker.entry.pod));
  worker.interrupt.fire();
}
