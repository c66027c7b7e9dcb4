import type { Timer } from '../../harness/core/clock.js';
import { CriError } from '../../harness/ports/cri.js';
import type { AgentContext } from './context.js';
import { cleanUp, removeSurplus } from './garbage-collection.js';
import { ImageError } from './images.js';
import type { PodStop } from './kill-pod.js';
import { killPod } from './kill-pod.js';
import type { PodActions } from './pod-actions.js';
import { computePodActions } from './pod-actions.js';
import type { PodSetup, SetupMemory } from './pod-setup.js';
import { createSandbox, Interrupted, runContainers } from './pod-setup.js';
import { createSignal } from './signal.js';
import type { StopBudget } from './stop-budget.js';
import { createStopBudget } from './stop-budget.js';
import type { DesiredPod } from './types.js';
import { hasLiveParts, isFromEarlierLife } from './types.js';

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
  readonly isTerminating: () => boolean;
}

/** So many steps may follow each other at once; then the worker takes a breath. */
const stepsMax = 25;

type Mode =
  /** The pod is to run. */
  | 'active'
  /** It is to end, and may still run. */
  | 'terminating'
  /** It has ended; what is left of it waits to be removed. */
  | 'stopped'
  | 'gone';

export function createPodWorker(
  context: AgentContext,
  identity: { readonly key: string; readonly uid: string; readonly fullName: string },
): PodWorker {
  const { decisions, scheduler, timings, view } = context;
  const { key, uid, fullName } = identity;
  const nowMs = (): number => scheduler.clock.now();
  const interrupt = createSignal();
  let memory = createMemory();
  let mode: Mode = 'active';
  let entry: DesiredPod | undefined;
  let removed = false;
  let readded: DesiredPod | undefined;
  /** It may run: nobody else holds its name. */
  let admitted = false;
  let finished: 'Succeeded' | 'Failed' | undefined;
  let finishedAtSource: 'Succeeded' | 'Failed' | undefined;
  let budget: StopBudget | undefined;
  /** The next decision needs a listing of this pod first. */
  let mustInspect = true;
  let seenVersion = -1;
  let life = 0;
  /** Counts the definitions of the pod. */
  let revision = 0;
  /** Only wrong decisions ask for these two. */
  let mustStopFirst = decisions.onAdoption === 'restart';
  let mayStartOnce = decisions.startsWhileTerminating;
  let busy = false;
  let again = false;
  let timer: Timer | undefined;

  /** Whole milliseconds, so that a trace does not depend on how fractions are rounded. */
  function wakeIn(delayMs: number | undefined): void {
    timer?.cancel();
    timer = delayMs === undefined ? undefined : scheduler.after(Math.ceil(delayMs), wake);
  }

  function wake(): void {
    if (mode === 'gone' || scheduler.stopped()) return;
    if (busy) again = true;
    else void run();
  }

  async function run(): Promise<void> {
    busy = true;
    wakeIn(undefined);
    for (let steps = 0; !scheduler.stopped(); steps++) {
      again = false;
      try {
        await step();
      } catch (error) {
        onStepError(error);
      }
      if (!again) break;
      if (steps >= stepsMax) {
        wakeIn(timings.relistMs);
        break;
      }
    }
    busy = false;
  }

  function onStepError(error: unknown): void {
    // What was begun for a pod that goes on is begun anew, with a grace period of its own.
    if (mode === 'active') budget = undefined;
    if (error instanceof Interrupted) {
      mustInspect = true;
      again = true;
      return;
    }
    context.log(`${fullName} (${uid}): ${error instanceof Error ? error.message : String(error)}`);
    mustInspect = true;
    retryLater();
    report();
  }

  function retryLater(): void {
    wakeIn(decisions.retryDelayMs(timings, context.random()));
  }

  function step(): Promise<void> | void {
    // The runtime's recovery and its first listing wake every worker.
    if (!context.condition.runtimeReady && !decisions.worksWhileRuntimeDown) return;
    if (view.listed === 0) return;
    switch (mode) {
      case 'active':
        return removed ? stepRemoved() : stepActive();
      case 'terminating':
        return stepTerminating();
      case 'stopped':
        return stepStopped();
      case 'gone':
        return;
    }
  }

  /** A removal that came before every source was ready. */
  function stepRemoved(): void {
    if (!context.mayStopUndesired()) return;
    beginTermination();
    again = true;
  }

  async function stepActive(): Promise<void> {
    if (!admitted && !takeName()) {
      wakeIn((1 + context.random() / 2) * timings.staticRetryMs);
      return;
    }
    if (!context.condition.networkReady && !decisions.startsWithoutNetwork(entry!.pod)) {
      wakeIn((1 + context.random() / 2) * timings.networkRetryMs);
      return;
    }
    if (!(await refreshView())) return;
    if (mode !== 'active' || removed) {
      again = true;
      return;
    }
    const actions = nextActions(entry!);
    // A manifest that cannot be read keeps its pod as it is, but brings nothing to life.
    if (actions.do === 'createSandbox' && context.isHeld(uid)) return rest(undefined);
    await act(entry!, actions);
  }

  function nextActions(current: DesiredPod): PodActions {
    if (mustStopFirst) {
      mustStopFirst = false;
      const record = view.recordOf(uid);
      const isOld = record !== undefined && isFromEarlierLife(record, context.startedAtMs);
      if (record !== undefined && hasLiveParts(record) && (isOld || seenVersion > 0))
        return { do: 'stopAll' };
    }
    if (finishedAtSource !== undefined) return { do: 'finish', phase: finishedAtSource };
    return computePodActions({
      pod: current.pod,
      record: view.recordOf(uid),
      nowMs: nowMs(),
      timings,
      decisions,
      replacing: memory.replacing,
    });
  }

  /** Makes sure that what is known is newer than the last action. False: it failed and is tried again soon. */
  async function refreshView(): Promise<boolean> {
    try {
      if (mustInspect) {
        mustInspect = false;
        await view.inspect(uid);
      } else if ((view.recordOf(uid)?.version ?? -1) !== seenVersion) await view.fillDetails(uid);
    } catch (error) {
      if (!(error instanceof CriError)) throw error;
      mustInspect = true;
      wakeIn(Math.min(timings.relistMs, timings.errorRetryMs));
      return false;
    }
    seenVersion = view.recordOf(uid)?.version ?? -1;
    return true;
  }

  async function act(current: DesiredPod, actions: PodActions): Promise<void> {
    switch (actions.do) {
      case 'finish':
        return finish(actions.phase);
      case 'stopAll':
        budget ??= newBudget();
        await killPod(podStop(budget), view.recordOf(uid)!);
        endStop();
        return;
      case 'createSandbox':
        memory.waiting.clear();
        await createSandbox(setupOf(current), actions.attempt);
        again = true;
        return;
      case 'containers': {
        const errors = await runContainers(setupOf(current), actions);
        if (mode === 'active') budget = undefined;
        if (errors.length > 0) failLater(errors);
        else if (decisions.remembersOwnWrites) again = true;
        else wakeIn(timings.relistMs / 2);
        return;
      }
      case 'nothing':
        memory.waiting.clear();
        for (const name of actions.backingOff) memory.waiting.set(name, { reason: 'CrashLoopBackOff' });
        await rest(actions.wakeAtMs);
        return;
    }
  }

  /** A stop that was no end of the pod is over; one that became its end keeps the period it began with. */
  function endStop(): void {
    if (mode === 'active') budget = undefined;
    mustInspect = again = true;
  }

  function failLater(errors: readonly unknown[]): void {
    mustInspect = true;
    for (const error of errors)
      context.log(`${fullName}: ${error instanceof Error ? error.message : String(error)}`);
    const due = errors.map((error) => (error instanceof ImageError ? error.dueMs : undefined));
    const dueMs = due.every((moment) => moment !== undefined) ? Math.min(...due) - nowMs() : Infinity;
    const usualMs = decisions.retryDelayMs(timings, context.random());
    const hasOldView = errors.some((error) => error instanceof CriError && error.code === 'ALREADY_EXISTS');
    const retryMs = hasOldView && usualMs !== undefined ? Math.min(usualMs, timings.relistMs) : usualMs;
    wakeIn(retryMs === undefined ? undefined : Math.max(1, Math.min(retryMs, dueMs)));
    report();
  }

  async function finish(phase: 'Succeeded' | 'Failed'): Promise<void> {
    const record = view.recordOf(uid);
    if (record !== undefined && hasLiveParts(record)) {
      budget ??= newBudget();
      await killPod(podStop(budget), record);
      endStop();
      return;
    }
    finished = phase;
    memory.waiting.clear();
    await rest(undefined);
  }

  /** All is as it should be: tidies up, reports, and looks again after a while. */
  async function rest(wakeAtMs: number | undefined): Promise<void> {
    report();
    await removeSurplus(context, uid);
    const resyncMs = decisions.resyncDelayMs(timings, context.random());
    if (wakeAtMs === undefined) wakeIn(resyncMs);
    else wakeIn(Math.min(Math.max(0, wakeAtMs - nowMs()), resyncMs ?? Infinity));
  }

  function setupOf(current: DesiredPod): PodSetup {
    const ofRevision = revision;
    const isInterrupted = (): boolean =>
      decisions.interruptsSetup && (mode !== 'active' || removed || revision !== ofRevision);
    return {
      context,
      entry: current,
      memory,
      interrupt,
      isInterrupted,
      stop: () => ({
        ...podStop((budget ??= newBudget())),
        check() {
          // An end of the pod goes on with the stop; another edit may make it needless.
          if (mode === 'active' && isInterrupted()) throw new Interrupted();
        },
      }),
    };
  }

  function podStop(withBudget: StopBudget): PodStop {
    return { context, uid, pod: entry?.pod, budget: withBudget, preStopRun: memory.preStopRun };
  }

  function newBudget(): StopBudget {
    const known = entry ?? readded;
    const graceS = known === undefined ? decisions.orphanGraceS : decisions.graceS(known.pod);
    return createStopBudget(graceS, decisions, nowMs);
  }

  function takeName(): boolean {
    if (entry!.isStatic) {
      const holder = context.names.holder(fullName);
      const own = view.recordOf(uid);
      const isRunning = own !== undefined && hasLiveParts(own);
      const isFree = (holder === undefined || holder === key) && !isNameUsed();
      if (!isFree && decisions.waitsForName({ terminating: false }) === 'start') return (admitted = true);
      if (!isFree || (!isRunning && !context.names.isFirst(fullName, key))) {
        context.names.wait(fullName, key);
        return false;
      }
      context.names.take(fullName, key);
    }
    admitted = true;
    return true;
  }

  /** Whether another static pod of this name still runs, as far as the runtime shows. */
  function isNameUsed(): boolean {
    for (const other of view.uidsOf(fullName)) {
      if (other === uid) continue;
      const record = view.recordOf(other);
      const isApi = record?.source === 'api' || record?.source === 'feed' || context.isApiPod(other);
      if (record !== undefined && !isApi && hasLiveParts(record)) return true;
    }
    return false;
  }

  function releaseName(): void {
    admitted = false;
    context.wake(context.names.release(fullName, key));
  }

  function beginTermination(): void {
    if (mode !== 'active') return;
    mode = 'terminating';
    if (entry !== undefined) budget?.request(decisions.graceS(entry.pod));
    interrupt.fire();
  }

  async function stepTerminating(): Promise<void> {
    report();
    const record = view.recordOf(uid);
    if (record !== undefined && !mustInspect && hasLiveParts(record)) {
      await stopParts();
      return;
    }
    if (mayStartOnce && entry !== undefined) {
      mayStartOnce = false;
      await createSandbox(setupOf(entry), (record?.sandboxAttemptMax ?? -1) + 1);
    }
    if (memory.inFlight.size > 0) await Promise.allSettled([...memory.inFlight]);
    if (decisions.verifiesStop) {
      mustInspect = true;
      if (!(await refreshView())) return;
    }
    const fresh = view.recordOf(uid);
    if (memory.inFlight.size > 0) again = true;
    else if (decisions.verifiesStop && fresh !== undefined && hasLiveParts(fresh)) await stopParts();
    else {
      mode = 'stopped';
      budget = undefined;
      report();
      releaseName();
      again = true;
    }
  }

  async function stopParts(): Promise<void> {
    mustInspect = true;
    try {
      await killPod(podStop((budget ??= newBudget())), view.recordOf(uid)!);
    } catch (error) {
      if (!decisions.retriesStop) {
        context.log(`${fullName}: giving up`);
        return;
      }
      throw error;
    }
    again = true;
  }

  async function stepStopped(): Promise<void> {
    const record = view.recordOf(uid);
    if (record !== undefined && hasLiveParts(record) && decisions.verifiesStop) {
      // A call of an earlier life may take effect as late as now.
      mode = 'terminating';
      again = true;
      return;
    }
    if (!removed) return;
    report();
    if (!(await cleanUp(context, uid))) return retryLater();
    view.forget(uid);
    if (!removed) return;
    context.images.forget(uid);
    if (readded === undefined) {
      mode = 'gone';
      context.onGone(key);
    } else {
      entry = readded;
      startAgain();
    }
  }

  /** The pod was removed and listed again while it was ending: it gets a second life. */
  function startAgain(): void {
    memory = createMemory();
    life++;
    mode = 'active';
    removed = false;
    readded = undefined;
    finished = undefined;
    budget = undefined;
    mustInspect = true;
    again = true;
    look(entry!);
  }

  /** Takes note of what an entry says beyond its containers. */
  function look(current: DesiredPod): void {
    if (decisions.isTerminating(current.pod)) beginTermination();
  }

  function report(): void {
    if (entry === undefined) return;
    context.report({
      entry,
      record: view.recordOf(uid),
      waiting: memory.waiting,
      life,
      finished,
      terminating: mode !== 'active',
      stopped: mode === 'stopped' || mode === 'gone',
      removed,
    });
  }

  return {
    key,
    uid,
    fullName,
    entry: () => readded ?? entry,
    wake,
    isTerminating: () => mode !== 'active',
    add(next) {
      if (entry === undefined && mode === 'active') {
        entry = next;
        const { phase } = next.pod.status ?? {};
        if (decisions.isFinishedAtSource(next.pod)) finishedAtSource = phase as 'Succeeded' | 'Failed';
        if (next.isStatic) context.names.wait(fullName, key);
        look(next);
      } else if (mode === 'active') {
        entry = next;
        removed = false;
        look(next);
      } else if (decisions.readdDuringTermination === 'startAgain') {
        readded = next;
      }
      wake();
    },
    update(next) {
      if (readded !== undefined) {
        readded = next;
        return;
      }
      entry = next;
      revision++;
      if (decisions.onMetadataChange === 'restartPod') mustStopFirst = true;
      if (mode === 'active') look(next);
      else if (mode === 'terminating' && decisions.isTerminating(next.pod)) {
        budget?.request(decisions.graceS(next.pod));
      }
      wake();
    },
    refresh(next) {
      if (readded !== undefined) readded = next;
      else entry = next;
    },
    remove() {
      if (readded !== undefined) {
        readded = undefined;
        return;
      }
      const isWaiting = mode === 'active' && !admitted && entry?.isStatic === true;
      if (isWaiting && !decisions.dropsWaiting) return;
      removed = true;
      if (mode === 'active') {
        if (isWaiting && view.recordOf(uid) === undefined) {
          // It never ran: nothing is left to be stopped.
          mode = 'gone';
          report();
          wakeIn(undefined);
          releaseName();
          context.onGone(key);
          return;
        }
        if (context.mayStopUndesired()) beginTermination();
        else interrupt.fire();
      } else if (mode === 'terminating') {
        budget?.request(Math.max(1, entry?.pod.spec.terminationGracePeriodSeconds ?? 30));
      }
      wake();
    },
    addAfterLife(next) {
      mode = 'stopped';
      removed = true;
      readded = next;
      wake();
    },
    terminateOrphan() {
      removed = true;
      beginTermination();
      wake();
    },
  };
}

function createMemory(): SetupMemory {
  return {
    replacing: new Set(),
    startFailed: new Set(),
    preStopRun: new Set(),
    waiting: new Map(),
    attempts: new Map(),
    inFlight: new Set(),
  };
}
