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
    if (!isFree || (!isRunning && !names.isFirst(fullName, key))) {
      names.wait(fullName, key);
      return false;
    }
    names.take(fullName, key);
  }
  return (worker.admitted = true);
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
