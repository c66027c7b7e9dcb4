import { assert } from '../../harness/core/errors.js';
import { keyOfObject, type ApiObject, type ApiResource } from './api-object.js';
import { sizeOf } from './object-size.js';

/** One write, as watches see it. */
export interface ApiChange {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: ApiResource;
  readonly key: string;
  /** DELETED: the last state, with the revision of the deletion. */
  readonly object: ApiObject;
  /** Absent for ADDED. */
  readonly previous?: ApiObject;
  readonly atMs: number;
}

export interface ApiStoreOptions {
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  readonly createUid: () => string;
  /** Changes kept for watches that resume and for old lists; older ones are compacted. Default 20,000. */
  readonly historyMax?: number;
  /** Of the objects in them, in bytes. Default 64 MiB. */
  readonly historyMaxBytes?: number;
}

/** The server's data: one counter of revisions over all resources, the present, and the recent past. */
export interface ApiStore {
  /** Of the last write or compaction. */
  revision(): number;
  /** Revisions below it can no longer be resumed from or listed at. */
  oldestRevision(): number;
  /** About the size of all objects that are there. */
  bytes(): number;
  get(resource: ApiResource, key: string): ApiObject | undefined;
  /** Fills in UID, creationTimestamp and resourceVersion. The key must be free. */
  create(resource: ApiResource, object: ApiObject): ApiObject;
  /** Replaces the object of the same key under a new resourceVersion. */
  put(resource: ApiResource, object: ApiObject): ApiObject;
  /** Removes the object; answers its last state. */
  remove(resource: ApiResource, key: string): ApiObject;
  /** All objects in the order of their keys, now or at an earlier revision that is not compacted. */
  list(resource: ApiResource, atRevision?: number): readonly ApiObject[];
  /** The changes of a resource after this revision, oldest first. */
  since(resource: ApiResource, revision: number): readonly ApiChange[];
  /** The last revision that was written at or before this time, but none that is compacted. */
  revisionAt(wallMs: number): number;
  /** Forgets the past; the counter moves on, so that nothing read before can be resumed from. */
  compact(): void;
  /** Calls back inside every write, after it took effect. */
  subscribe(listener: (change: ApiChange) => void): { close(): void };
}

const historyMaxDefault = 20_000;
const historyMaxBytesDefault = 64 * 1024 * 1024;

/** An empty store at revision 1. */
export function createApiStore(options: ApiStoreOptions): ApiStore {
  const { wallClock, createUid, historyMax = historyMaxDefault } = options;
  const { historyMaxBytes = historyMaxBytesDefault } = options;
  const objects = new Map<ApiResource, Map<string, ApiObject>>();
  const sortedLists = new Map<ApiResource, readonly ApiObject[]>();
  const listeners = new Set<(change: ApiChange) => void>();
  let history: ApiChange[] = [];
  let revision = 1;
  let oldest = 1;
  let bytes = 0;
  let historyBytes = 0;

  const mapOf = (resource: ApiResource): Map<string, ApiObject> => {
    let map = objects.get(resource);
    if (map === undefined) objects.set(resource, (map = new Map()));
    return map;
  };

  const commit = (change: Omit<ApiChange, 'revision' | 'atMs'>): void => {
    sortedLists.delete(change.resource);
    const committed = { ...change, revision, atMs: wallClock() };
    history.push(committed);
    const size = sizeOf(change.object);
    historyBytes += size;
    bytes += change.type === 'DELETED' ? 0 : size;
    if (change.previous !== undefined) bytes -= sizeOf(change.previous);
    // Dropped by halves: the cost per write stays constant.
    while (history.length > historyMax || (historyBytes > historyMaxBytes && history.length > 0)) {
      const dropped = history.splice(0, (history.length + 1) >> 1);
      oldest = dropped.at(-1)!.revision;
      for (const { object } of dropped) historyBytes -= sizeOf(object);
    }
    // It has happened, so all of them hear of it; only then does the writer learn that one of them failed.
    const failures: unknown[] = [];
    for (const listener of listeners) {
      try {
        listener(committed);
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  };

  return {
    revision: () => revision,
    oldestRevision: () => oldest,
    bytes: () => bytes,
    get: (resource, key) => objects.get(resource)?.get(key),
    create(resource, object) {
      const key = keyOfObject(resource, object);
      const map = mapOf(resource);
      assert(!map.has(key), `${resource.name} ${key} is created twice`);
      const uid = object.metadata.uid ?? createUid();
      const creationTimestamp = object.metadata.creationTimestamp ?? timestampOf(wallClock());
      const created = withRevision(
        { ...object, metadata: { ...object.metadata, uid, creationTimestamp } },
        ++revision,
      );
      map.set(key, created);
      commit({ type: 'ADDED', resource, key, object: created });
      return created;
    },
    put(resource, object) {
      const key = keyOfObject(resource, object);
      const map = mapOf(resource);
      const previous = map.get(key);
      assert(previous !== undefined, `${resource.name} ${key} is replaced but not there`);
      const replaced = withRevision(object, ++revision);
      map.set(key, replaced);
      commit({ type: 'MODIFIED', resource, key, object: replaced, previous });
      return replaced;
    },
    remove(resource, key) {
      const map = mapOf(resource);
      const previous = map.get(key);
      assert(previous !== undefined, `${resource.name} ${key} is removed but not there`);
      map.delete(key);
      const last = withRevision(previous, ++revision);
      commit({ type: 'DELETED', resource, key, object: last, previous });
      return last;
    },
    list(resource, atRevision = revision) {
      if (atRevision >= revision || !changedSince(history, resource, atRevision)) {
        let sorted = sortedLists.get(resource);
        if (sorted === undefined) sortedLists.set(resource, (sorted = sortByKey(mapOf(resource))));
        return sorted;
      }
      return sortByKey(rewind(mapOf(resource), history, { resource, atRevision }));
    },
    since: (resource, after) =>
      history.slice(indexAfter(history, after)).filter((change) => change.resource === resource),
    revisionAt(wallMs) {
      for (let index = history.length - 1; index >= 0; index--) {
        if (history[index]!.atMs <= wallMs) return history[index]!.revision;
      }
      return oldest;
    },
    compact() {
      history = [];
      historyBytes = 0;
      oldest = ++revision;
    },
    subscribe(listener) {
      listeners.add(listener);
      return { close: () => listeners.delete(listener) };
    },
  };
}

/** Kubernetes timestamps have whole seconds. */
export function timestampOf(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}

function withRevision(object: ApiObject, revision: number): ApiObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

/** The objects in the order in which they are listed. */
export function sortByKey(map: ReadonlyMap<string, ApiObject>): readonly ApiObject[] {
  return [...map].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, object]) => object);
}

function changedSince(history: readonly ApiChange[], resource: ApiResource, revision: number): boolean {
  for (let index = history.length - 1; index >= 0 && history[index]!.revision > revision; index--) {
    if (history[index]!.resource === resource) return true;
  }
  return false;
}

/** Index of the first change after this revision. */
function indexAfter(history: readonly ApiChange[], revision: number): number {
  let index = history.length;
  while (index > 0 && history[index - 1]!.revision > revision) index--;
  return index;
}

function rewind(
  present: ReadonlyMap<string, ApiObject>,
  history: readonly ApiChange[],
  to: { readonly resource: ApiResource; readonly atRevision: number },
): ReadonlyMap<string, ApiObject> {
  const past = new Map(present);
  for (let index = history.length - 1; index >= 0; index--) {
    const change = history[index]!;
    if (change.revision <= to.atRevision) break;
    if (change.resource !== to.resource) continue;
    if (change.previous === undefined) past.delete(change.key);
    else past.set(change.key, change.previous);
  }
  return past;
}
