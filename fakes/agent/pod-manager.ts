import type { Pod, SourceKind } from '../../harness/spec/pod.js';
import type { AgentContext } from './context.js';
import type { Mux, MuxUpdate } from './mux.js';
import { policyOf } from './pod-actions.js';
import type { PodWorker } from './pod-worker.js';
import { createPodWorker } from './pod-worker.js';
import type { DesiredPod } from './types.js';
import { hasLiveParts, isFromEarlierLife, isLive } from './types.js';

/** Turns what the sources say into work of the pod workers, one for each pod. */
export interface PodManager {
  /** A source delivered its list; `isComplete` is false when it holds things that cannot be read. */
  deliver(source: SourceKind, pods: readonly Pod[], isComplete: boolean): void;
  /** The runtime shows another state of this pod. */
  onRuntimeChange(uid: string): void;
  wakeAll(): void;
  wake(keys: readonly string[]): void;
  onGone(key: string): void;
  /** Ends what runs although nobody wants it; with `leftovers` also removes what has ended. */
  cleanUpOrphans(options: { readonly leftovers: boolean }): void;
  /** Whether orphans could not be told yet, for want of a listing newer than the desired pods. */
  awaitsListing(): boolean;
  isApiPod(uid: string): boolean;
  /** Static pods that are wanted, at most one of each name. */
  staticPods(): DesiredPod[];
  isNameInUse(fullName: string): boolean;
}

export function createPodManager(context: AgentContext, mux: Mux, onReady: () => void): PodManager {
  const { decisions, view, log } = context;
  const workers = new Map<string, PodWorker>();
  const keysByUid = new Map<string, string>();
  /** Pods whose removal was forgotten; only an agent that forgets has any. */
  const forgotten = new Set<string>();
  /** The newest listing that was begun when the desired pods last changed. */
  let changedAfter = 0;
  let isOrphanCheckDue = false;

  function workerFor(identity: { key: string; uid: string; fullName: string }): PodWorker {
    const worker = createPodWorker(context, identity);
    workers.set(identity.key, worker);
    keysByUid.set(identity.uid, identity.key);
    return worker;
  }

  function applyRemoval(removed: DesiredPod): void {
    for (const key of decisions.removalTargets(removed, mux.entries())) {
      const worker = workers.get(key);
      if (worker === undefined) continue;
      const other = key === removed.key ? mux.find(key) : undefined;
      if (other !== undefined) {
        // Another source lists the same pod: it stays, as that source says it.
        if (worker.entry()?.source === removed.source) worker.update(other);
        continue;
      }
      if (decisions.waitsForRemoval === 'ignore') continue;
      const isForgotten = decisions.removalBeforeReady === 'forget' && !context.mayStopUndesired();
      if (isForgotten) forgotten.add(key);
      else worker.remove();
    }
  }

  function applyAddition(
    added: DesiredPod,
    delivery: { readonly isFirstDelivery: boolean; readonly wasComplete: boolean },
  ): void {
    if (!decisions.acceptsAddition(added, delivery.isFirstDelivery)) return;
    forgotten.delete(added.key);
    const worker = workers.get(added.key);
    const current = worker?.entry();
    const isListedElsewhere =
      current !== undefined && current.source !== added.source && mux.find(added.key) !== undefined;
    if (worker !== undefined && isListedElsewhere && !worker.isTerminating()) return;
    if (isForgottenWait(added)) return;
    if (worker !== undefined) worker.add(added);
    else if (delivery.wasComplete && isDead(added)) workerFor(added).addAfterLife(added);
    else workerFor(added).add(added);
  }

  /** Containers of the pod have ended, none of it runs, and its policy would not start them again. */
  function isDead({ uid, pod }: DesiredPod): boolean {
    if (policyOf(pod) === 'Always') return false;
    const containers = view.recordOf(uid)?.containers ?? [];
    return containers.some((container) => container.state === 'exited') && !containers.some(isLive);
  }

  /** Only an agent that loses edits comes to a different answer than no. */
  function isForgottenWait(added: DesiredPod): boolean {
    if (!added.isStatic) return false;
    const holder = workers.get(context.names.holder(added.fullName) ?? '');
    if (holder === undefined || holder.key === added.key) return false;
    return decisions.waitsForName({ terminating: holder.isTerminating() }) === 'forget';
  }

  function applyChange(changed: DesiredPod, take: 'update' | 'refresh'): void {
    const worker = workers.get(changed.key);
    if (worker === undefined || worker.entry()?.source !== changed.source) return;
    worker[take](changed);
  }

  function apply(update: MuxUpdate): void {
    const isChange = update.removed.length > 0 || update.added.length > 0;
    if (isChange || update.isFirstDelivery) changedAfter = view.begun();
    if (update.isFirstDelivery) isOrphanCheckDue = true;
    for (const entry of update.removed) applyRemoval(entry);
    for (const entry of update.added) applyAddition(entry, update);
    for (const entry of update.changed) applyChange(entry, 'update');
    for (const entry of update.reconciled) applyChange(entry, 'refresh');
    for (const pod of update.refused) {
      log(`${update.source}: ${pod.metadata.namespace}/${pod.metadata.name} is listed twice; one is ignored`);
    }
  }

  return {
    deliver(source, pods, isComplete) {
      const wasReady = mux.allReady();
      apply(mux.deliver(source, pods, isComplete));
      if (!wasReady && mux.allReady()) onReady();
    },
    onRuntimeChange(uid) {
      workers.get(keysByUid.get(uid) ?? '')?.wake();
    },
    wakeAll() {
      for (const worker of [...workers.values()]) worker.wake();
    },
    wake(keys) {
      for (const key of keys) workers.get(key)?.wake();
    },
    onGone(key) {
      const worker = workers.get(key);
      if (worker === undefined) return;
      workers.delete(key);
      if (keysByUid.get(worker.uid) === key) keysByUid.delete(worker.uid);
      // Listed again in the meantime, or by an agent that ignored it then: its life begins anew.
      const entry = mux.find(key);
      if (entry !== undefined && decisions.readdDuringTermination === 'startAgain') {
        applyAddition(entry, { isFirstDelivery: false, wasComplete: false });
      }
    },
    cleanUpOrphans({ leftovers }) {
      const mayStop = context.mayStopUndesired();
      if (!mayStop && !(leftovers && context.mayRemoveUndesired())) return;
      if (view.listed() === 0) return;
      if (view.listed() > changedAfter && mayStop) isOrphanCheckDue = false;
      const desired = new Set<string>();
      for (const entry of mux.entries()) desired.add(entry.uid);
      const orphans = decisions.orphansOf(view.records(), {
        hasWorker: (uid) => keysByUid.has(uid),
        isDesired: (uid) => desired.has(uid),
        listingIsNewer: view.listed() > changedAfter,
      });
      for (const { uid, fullName } of orphans) {
        const record = view.recordOf(uid);
        if (record === undefined || !(hasLiveParts(record) ? mayStop : leftovers)) continue;
        if (decisions.onAdoption === 'ignore' && isFromEarlierLife(record, context.startedAtMs)) continue;
        const key = keysByUid.get(uid) ?? uid;
        (workers.get(key) ?? workerFor({ key, uid, fullName })).terminateOrphan();
      }
    },
    awaitsListing() {
      if (!isOrphanCheckDue || view.listed() <= changedAfter) return false;
      return context.mayStopUndesired() || context.mayRemoveUndesired();
    },
    isApiPod(uid) {
      const entry = workers.get(keysByUid.get(uid) ?? '')?.entry();
      return entry !== undefined && !entry.isStatic;
    },
    staticPods() {
      const byName = new Map<string, DesiredPod>();
      for (const entry of mux.entries()) {
        if (!entry.isStatic) continue;
        const isHolder = context.names.holder(entry.fullName) === entry.key;
        if (isHolder || !byName.has(entry.fullName)) byName.set(entry.fullName, entry);
      }
      return [...byName.values()];
    },
    isNameInUse(fullName) {
      for (const worker of workers.values()) {
        if (worker.fullName !== fullName) continue;
        const entry = worker.entry();
        if (entry === undefined || entry.isStatic) return true;
      }
      return false;
    },
  };
}
