import type { WorkerState } from './worker-state.js';
import { hasLiveParts } from './types.js';

/** Whether the pod may run. Of static pods of one name one runs at a time; the others wait in line. */
export function takeTurn(worker: WorkerState): boolean {
  const { context, key, uid, fullName } = worker;
  const { names, view, decisions } = context;
  if (worker.entry!.isStatic) {
    const holder = names.holder(fullName);
    const own = view.recordOf(uid);
    const isRunning = own !== undefined && hasLiveParts(own);
    const isFree = (holder === undefined || holder === key) && !isNameUsed(worker);
    if (!isFree && decisions.waitsForName({ terminating: false }) === 'start') {
      return (worker.admitted = true);
    }
    // Of several that earlier lives began one is chosen, and goes on when the others have ended.
    if (isRunning && holder === undefined) names.take(fullName, key);
    if (!isFree || (!isRunning && !names.isFirst(fullName, key))) {
      if (names.holder(fullName) !== key) names.wait(fullName, key);
      return false;
    }
    names.take(fullName, key);
  }
  return (worker.admitted = true);
}

/**
 * Whether something runs of a static pod that has to wait for another: an earlier life began it, and the call took
 * effect when this one had chosen.
 */
export function runsOutOfTurn({ context, key, uid, fullName }: WorkerState): boolean {
  const holder = context.names.holder(fullName);
  const record = context.view.recordOf(uid);
  return holder !== undefined && holder !== key && record !== undefined && hasLiveParts(record);
}

/** Lets the next static pod of this name run. */
export function endTurn(worker: WorkerState): void {
  worker.admitted = false;
  worker.context.wake(worker.context.names.release(worker.fullName, worker.key));
}

/** Whether another static pod of this name still runs, as far as the runtime shows. */
function isNameUsed({ context, uid, fullName }: WorkerState): boolean {
  for (const other of context.view.uidsOf(fullName)) {
    if (other === uid) continue;
    const record = context.view.recordOf(other);
    const isApi = record?.source === 'api' || record?.source === 'feed' || context.isApiPod(other);
    if (record !== undefined && !isApi && hasLiveParts(record)) return true;
  }
  return false;
}
