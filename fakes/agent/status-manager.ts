import type { ApiPort } from '../../harness/ports/agent.js';
import type { Pod, PodStatus } from '../../harness/spec/pod.js';
import type { PodReport } from './context.js';
import type { Decisions } from './decisions.js';
import { coversStatus, podStatusOf } from './pod-status.js';
import { versionOf } from './sources/pod-store.js';
import type { ContainerRecord } from './types.js';

/** Keeps the API server's pod statuses equal to what the workers report, and deletes what has ended. */
export interface StatusManager {
  report(report: PodReport): void;
  /** The API server's objects changed. */
  onObjects(): void;
  /** Tries again what failed and corrects what others changed. */
  pass(): void;
}

interface Tracked {
  report: PodReport;
  /** The status as last computed. */
  wanted: PodStatus | undefined;
  /** The object as last looked at. */
  seen: Pod | undefined;
  /** The object after the last successful write. */
  written: Pod | undefined;
  /** An object that was found to say all of a wanted status: the two need not be compared again. */
  covering: Pod | undefined;
  covered: PodStatus | undefined;
  /** What the last report came to; the same again needs no new status. */
  digest: string;
  /** The status of that write. */
  writtenFor: PodStatus | undefined;
  isBusy: boolean;
  isStale: boolean;
  isDeleted: boolean;
}

/** Writes of one pod that may follow each other at once. */
const writesMax = 10;

export function createStatusManager(options: {
  readonly api: ApiPort;
  readonly decisions: Decisions;
  readonly nowMs: () => number;
  /** When this life of the agent began. */
  readonly startedAtMs: number;
  readonly stopped: () => boolean;
  readonly log: (line: string) => void;
  /** The object by `namespace/name`: the pod itself, or a static pod's mirror. */
  readonly objectOf: (fullName: string) => Pod | undefined;
  readonly isMirrorOf: (object: Pod, pod: Pod) => boolean;
}): StatusManager {
  const { api, decisions, objectOf } = options;
  const isReady = ({ startedAtMs }: ContainerRecord): boolean =>
    decisions.isReady({ isFromEarlierLife: startedAtMs < options.startedAtMs });
  const tracked = new Map<string, Tracked>();

  /** The newer of what the watch showed and what the last write answered. */
  function currentObject(item: Tracked): Pod | undefined {
    const { entry } = item.report;
    const seen = objectOf(entry.fullName);
    if (seen === undefined) return undefined;
    if (entry.isStatic ? !options.isMirrorOf(seen, entry.pod) : seen.metadata.uid !== entry.uid)
      return undefined;
    const { written } = item;
    const isWrittenNewer =
      written !== undefined &&
      written.metadata.uid === seen.metadata.uid &&
      versionOf(written) > versionOf(seen);
    return isWrittenNewer ? written : seen;
  }

  async function write(item: Tracked): Promise<void> {
    if (item.isBusy) return;
    item.isBusy = true;
    try {
      for (let writes = 0; writes < writesMax && !options.stopped(); writes++) {
        if (!(await writeOnce(item))) break;
      }
    } catch (error) {
      // The next pass tries again.
      options.log(`status of ${item.report.entry.fullName}: ${String(error)}`);
    }
    item.isBusy = false;
  }

  /** Returns whether another write may be due. */
  async function writeOnce(item: Tracked): Promise<boolean> {
    const object = currentObject(item);
    // A write that was long on its way may end after the pod has begun another life.
    const isOver = tracked.get(item.report.entry.uid) !== item;
    if (object === undefined || item.isDeleted || isOver) return false;
    if (item.isStale || item.wanted === undefined) {
      const before = item.wanted ?? (item.report.life > 0 ? undefined : object.status);
      item.wanted = podStatusOf(item.report, before, options.nowMs(), isReady);
      item.isStale = false;
    }
    const { wanted } = item;
    if (item.covering === object && item.covered === wanted && !decisions.statusNeedsWrite(false)) {
      return finishDeletion(item, object);
    }
    // A server that keeps another status than it was given is not given it again at once.
    const isKnown = object === item.written && item.writtenFor === wanted;
    if (decisions.statusNeedsWrite(!isKnown && !coversStatus(object.status, wanted))) {
      await patchStatus(item, object, wanted);
      item.writtenFor = wanted;
      return item.isStale || mayDelete(item);
    }
    item.covering = object;
    item.covered = wanted;
    return finishDeletion(item, object);
  }

  /** Deletes the object when its time has come. Nothing is to be written after it. */
  async function finishDeletion(item: Tracked, object: Pod): Promise<boolean> {
    if (mayDelete(item)) await deleteObject(item, object);
    return false;
  }

  function mayDelete(item: Tracked): boolean {
    const { entry, terminating, stopped } = item.report;
    const isDue = terminating && !entry.isStatic && entry.pod.metadata.deletionTimestamp !== undefined;
    return isDue && decisions.deletesObject && decisions.mayDeleteObject({ stopped });
  }

  async function patchStatus(item: Tracked, object: Pod, status: PodStatus): Promise<void> {
    const { namespace = 'default', name, uid, resourceVersion } = object.metadata;
    // A terminal phase is for ever: only the object it was made for may get it, not a later one of this UID.
    const isFinal = status.phase === 'Succeeded' || status.phase === 'Failed';
    const answer = await api.request({
      method: 'PATCH',
      path: `/api/v1/namespaces/${namespace}/pods/${name}/status`,
      contentType: 'application/strategic-merge-patch+json',
      body: {
        metadata: isFinal ? { uid, resourceVersion } : { uid },
        status: { ...clearedFields(object.status, status), ...status },
      },
    });
    if (answer.status === 200) item.written = answer.body as Pod;
    else if (answer.status !== 404 && answer.status !== 409) throw new Error(`status ${answer.status}`);
    else throw new Error('the object is gone or another one');
  }

  async function deleteObject(item: Tracked, object: Pod): Promise<void> {
    const { namespace = 'default', name, uid, resourceVersion } = object.metadata;
    const answer = await api.request({
      method: 'DELETE',
      path: `/api/v1/namespaces/${namespace}/pods/${name}`,
      contentType: 'application/json',
      // The version too: the next life's object may have the same UID.
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...(decisions.deletesWithoutGrace ? { gracePeriodSeconds: 0 } : {}),
        preconditions: { uid, resourceVersion },
      },
    });
    // A conflict passes: sooner or later the object as it is now is the one that is looked at.
    if (answer.status >= 300 && answer.status !== 404) throw new Error(`status ${answer.status}`);
    item.isDeleted = true;
  }

  return {
    report(report) {
      const { source, uid, isStatic } = report.entry;
      if (source === 'feed') return;
      // Its object is gone; one that is there again belongs to its next life.
      if (report.removed && (!isStatic || report.stopped)) {
        tracked.delete(uid);
        return;
      }
      let item = tracked.get(uid);
      if (item === undefined) {
        item = {
          report,
          wanted: undefined,
          seen: undefined,
          written: undefined,
          covering: undefined,
          covered: undefined,
          digest: '',
          writtenFor: undefined,
          isBusy: false,
          isStale: true,
          isDeleted: false,
        };
        tracked.set(uid, item);
      }
      // What the object says is of the life before.
      if (item.report.life !== report.life) {
        item.wanted = undefined;
        item.isDeleted = false;
      }
      const digest = digestOf(report);
      const isSame = digest === item.digest && report.entry === item.report.entry;
      item.report = report;
      item.digest = digest;
      if (isSame) return;
      item.isStale = true;
      void write(item);
    },
    onObjects() {
      for (const item of tracked.values()) {
        const object = objectOf(item.report.entry.fullName);
        if (object === item.seen) continue;
        item.seen = object;
        void write(item);
      }
    },
    pass() {
      for (const item of tracked.values()) void write(item);
    },
  };
}

/** A merge keeps what it is not told of: what is no longer said has to be taken back. */
function clearedFields(before: PodStatus | undefined, status: PodStatus): Record<string, null> {
  const cleared: Record<string, null> = {};
  for (const field of ['podIP', 'reason', 'message', 'initContainerStatuses'] as const) {
    if (before?.[field] !== undefined && status[field] === undefined) cleared[field] = null;
  }
  return cleared;
}

function digestOf(report: PodReport): string {
  const { record, life, finished, terminating, stopped, waiting } = report;
  let digest = `${record?.version}/${life}/${finished}/${terminating}/${stopped}`;
  for (const [name, reason] of waiting) digest += `/${name} ${reason.reason} ${reason.message}`;
  return digest;
}
