import type { Pod, SourceKind } from '../spec/pod.js';
import { isStaticSource } from '../spec/pod.js';
import type { SourceHeld, SourceServed, Stamp } from '../trace/events.js';
import type { DesiredPod, ServedChange, SourceView } from './desired-pod.js';
import { emptyView, longestGraceS, newEntry, removeEntry } from './desired-pod.js';
import { fullNameOf, isMirror, isTerminal, meaningOf } from './pod-meaning.js';

export interface DesiredPods {
  readonly sources: ReadonlyMap<SourceKind, SourceView>;
  /** Every pod that any source ever listed. */
  readonly all: readonly DesiredPod[];
  byUid(uid: string): readonly DesiredPod[];
  byName(fullName: string): readonly DesiredPod[];
  /** A small number for what a pod means; equal for equal meanings. */
  versionOf(pod: Pod): number;
  podOfVersion(version: number): Pod;
  /** Every configured source has delivered to the agent's present life. */
  allReady(): boolean;
  held(event: SourceHeld & Stamp): void;
  served(event: SourceServed & Stamp): ServedChange;
  agentStarted(): void;
}

const none: readonly DesiredPod[] = [];

/** Follows what the sources of a run hold and serve. */
export function createDesiredPods(kinds: readonly SourceKind[], nodeName: string): DesiredPods {
  const sources = new Map<SourceKind, SourceView>(kinds.map((kind) => [kind, emptyView(kind)]));
  const all: DesiredPod[] = [];
  const byKey = new Map<string, DesiredPod>();
  const byUid = new Map<string, DesiredPod[]>();
  const byName = new Map<string, DesiredPod[]>();
  const versions = new Map<string, number>();
  const versionPods: Pod[] = [];
  const fileKeys = new Map<string, string>();
  // What the directory held at each revision: who serves a list says which one it was.
  const origins = new Map<number, Map<string, string>>();

  const versionOf = (pod: Pod): number => {
    const meaning = meaningOf(pod);
    let version = versions.get(meaning);
    if (version === undefined) {
      version = versionPods.push(pod) - 1;
      versions.set(meaning, version);
    }
    return version;
  };

  const everyReady = (): boolean => {
    for (const view of sources.values()) if (!view.ready) return false;
    return true;
  };

  const keyOf = (source: SourceKind, pod: Pod): string =>
    `${source} ${pod.metadata.uid ?? fullNameOf(pod, source, nodeName)}`;

  const entryOf = (source: SourceKind, pod: Pod): DesiredPod => {
    const key = keyOf(source, pod);
    let entry = byKey.get(key);
    if (entry === undefined) {
      const { uid } = pod.metadata;
      entry = newEntry({ source, key, uid, fullName: fullNameOf(pod, source, nodeName), pod });
      byKey.set(key, entry);
      all.push(entry);
      if (uid !== undefined) push(byUid, uid, entry);
      push(byName, entry.fullName, entry);
    }
    return entry;
  };

  /** Applies one complete list, or the entries that one change touches. */
  const applyList = (view: SourceView, event: SourceServed & Stamp): ServedChange => {
    const groups = new Map<DesiredPod, Pod[]>();
    for (const pod of event.pods ?? []) {
      if (isMirror(pod)) continue;
      const entry = entryOf(view.kind, pod);
      const group = groups.get(entry);
      if (group === undefined) groups.set(entry, [pod]);
      else group.push(pod);
    }
    const added: DesiredPod[] = [];
    const changed: DesiredPod[] = [];
    const removed: DesiredPod[] = [];
    for (const [entry, pods] of groups) applyEntry(entry, pods, event, added, changed);
    const unreadable: DesiredPod[] = [];
    const badKeys = new Set((event.bad ?? []).map((name) => fileKeys.get(name)));
    for (const entry of view.listed) {
      if (groups.has(entry)) {
        // Another file may still stand for an earlier version of the same pod, or may not.
        if (badKeys.has(entry.key)) entry.uncertain = true;
        continue;
      }
      if (badKeys.has(entry.key)) {
        unreadable.push(entry);
        entry.uncertain = true;
        entry.known = true;
      } else {
        removeEntry(entry, event);
        entry.removedBy = groups.size === 0 ? 'emptyList' : 'list';
        entry.removedWhenReady = everyReady();
        view.listed.delete(entry);
        removed.push(entry);
      }
    }
    for (const entry of groups.keys()) view.listed.add(entry);
    if (view.kind === 'file') noteOrigins(groups.keys(), event);
    return { source: view.kind, event, added, changed, removed, unreadable };
  };

  /** The files that said each pod when the agent looked. */
  const originsOf = (event: SourceServed & Stamp): ReadonlyMap<string, string> | undefined => {
    if (event.names === undefined) return origins.get(event.revision ?? -1);
    const names = new Map<string, string>();
    event.names.forEach((name, index) => addOrigin(names, keyOf('file', event.pods![index]!), name));
    return names;
  };

  /** The same content in a file of another name. */
  const noteOrigins = (entries: Iterable<DesiredPod>, event: SourceServed & Stamp): void => {
    const shown = originsOf(event);
    for (const entry of entries) {
      const origin = shown?.get(entry.key);
      if (origin === undefined || origin === entry.origin) continue;
      if (entry.origin !== '') {
        entry.movedSeq = event.seq;
        entry.movedAtMs = event.t;
      }
      entry.origin = origin;
    }
  };

  const applyEntry = (
    entry: DesiredPod,
    pods: readonly Pod[],
    event: Stamp,
    added: DesiredPod[],
    changed: DesiredPod[],
  ): void => {
    const before = entry.versions;
    const wasListed = entry.pods.length > 0;
    entry.known = true;
    entry.uncertain = false;
    if (pods.some((pod) => pod.metadata.deletionTimestamp !== undefined)) entry.deletingSeq = event.seq;
    if (entry.deleting) entry.endGraceS ??= longestGraceS(entry);
    if (wasListed && samePods(entry.pods, pods)) return;
    entry.pods = pods;
    entry.pod = pods[pods.length - 1]!;
    entry.versions = pods.map(versionOf);
    for (const version of entry.versions) entry.everVersions.add(version);
    const wasDeleting = entry.deleting;
    entry.deleting = pods.some((pod) => pod.metadata.deletionTimestamp !== undefined);
    if (wasDeleting && !entry.deleting) entry.undeleted = true;
    if (!wasListed) {
      // What is asked for now concerns the termination that is under way, or the life that follows it.
      entry.earlierGraceS = Math.max(entry.earlierGraceS, entry.endGraceS ?? 0);
      entry.endGraceS = undefined;
    }
    if (entry.deleting) entry.endGraceS ??= longestGraceS(entry);
    else entry.endGraceS = undefined;
    entry.terminal = pods.some(isTerminal);
    if (!wasListed) {
      if (entry.removedSeq >= 0) entry.returns += 1;
      added.push(entry);
    } else if (!sameNumbers(before, entry.versions)) {
      entry.edits += 1;
      changed.push(entry);
    } else return;
    entry.shown.push({ versions: entry.versions, atMs: event.t });
    entry.changedAtMs = event.t;
    entry.changedSeq = event.seq;
  };

  /** Remembers for how long the choice between entries has been open. */
  const noteContests = (change: ServedChange): ServedChange => {
    for (const entries of [change.added, change.changed, change.removed]) {
      for (const entry of entries) {
        const rivals = new Set([
          ...(byName.get(entry.fullName) ?? none),
          ...(byUid.get(entry.uid ?? '') ?? none),
        ]);
        if (rivals.size < 2 && entry.pods.length < 2) continue;
        for (const rival of rivals) rival.contestedSeq = change.event.seq;
      }
    }
    return change;
  };

  const applyChange = (view: SourceView, event: SourceServed & Stamp): ServedChange => {
    const added: DesiredPod[] = [];
    const changed: DesiredPod[] = [];
    const removed: DesiredPod[] = [];
    const pod = event.pods?.[0];
    if (pod !== undefined && event.change !== 'bookmark' && !isMirror(pod)) {
      const entry = entryOf(view.kind, pod);
      if (event.change === 'deleted') {
        if (view.listed.delete(entry)) {
          removeEntry(entry, event);
          entry.removedBy = 'event';
          entry.removedWhenReady = everyReady();
          removed.push(entry);
        }
      } else {
        applyEntry(entry, [pod], event, added, changed);
        view.listed.add(entry);
      }
    }
    return { source: view.kind, event, added, changed, removed, unreadable: none };
  };

  return {
    sources,
    all,
    byUid: (uid) => byUid.get(uid) ?? none,
    byName: (fullName) => byName.get(fullName) ?? none,
    versionOf,
    podOfVersion: (version) => versionPods[version]!,
    allReady: everyReady,
    held(event) {
      const view = sources.get(event.source);
      if (view === undefined) return;
      view.held = event;
      if (event.source !== 'file') return;
      const names = new Map<string, string>();
      for (const file of event.files ?? []) {
        if (file.pod === undefined) continue;
        const key = keyOf('file', file.pod);
        fileKeys.set(file.name, key);
        if (file.type !== 'file' || file.name.startsWith('.')) continue;
        addOrigin(names, key, file.name);
      }
      origins.set(event.revision, names);
    },
    served(event) {
      const view = sources.get(event.source) ?? emptyView(event.source);
      const nothing = {
        source: event.source,
        event,
        added: none,
        changed: none,
        removed: none,
        unreadable: none,
      };
      if (event.outcome === 'error') {
        view.failing = true;
        view.failingSeq = event.seq;
        view.failure = event.detail ?? 'an error';
        return nothing;
      }
      view.failing = false;
      // An API server numbers its versions, so an agent can and must see that data is older than its own.
      if (event.stale === true && view.kind === 'api' && view.ready) {
        if (event.outcome === 'list') view.uncertain = true;
        return nothing;
      }
      view.served = event;
      view.servedCount += 1;
      if (event.outcome === 'change') return noteContests(applyChange(view, event));
      view.uncertain = false;
      if (!view.ready) {
        view.ready = true;
        view.readySeq = event.seq;
      }
      return noteContests(applyList(view, event));
    },
    agentStarted() {
      for (const view of sources.values()) {
        view.ready = false;
        view.readySeq = -1;
        view.failing = false;
        view.uncertain = false;
      }
      for (const entry of all) {
        entry.known = false;
        entry.shown.splice(0, entry.shown.length - 1);
        entry.endGraceS = undefined;
        entry.earlierGraceS = 0;
      }
    },
  };
}

/** A full name or a UID that more than one listed entry claims: which of them runs is left open. */
export function isContested(desired: DesiredPods, entry: DesiredPod): boolean {
  if (entry.pods.length > 1) return true;
  const sameName = desired.byName(entry.fullName);
  if (sameName.length > 1) {
    for (const other of sameName) {
      if (other === entry || other.pods.length === 0) continue;
      if (other.source === entry.source) return true;
      if (isStaticSource(other.source) && isStaticSource(entry.source)) return true;
    }
  }
  if (entry.uid === undefined) return false;
  const sameUid = desired.byUid(entry.uid);
  return sameUid.length > 1 && sameUid.some((other) => other !== entry && other.pods.length > 0);
}

function addOrigin(origins: Map<string, string>, key: string, name: string): void {
  const known = origins.get(key);
  origins.set(key, known === undefined ? name : `${known} ${name}`);
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

function samePods(left: readonly Pod[], right: readonly Pod[]): boolean {
  return left.length === right.length && left.every((pod, index) => pod === right[index]);
}

function sameNumbers(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((number, index) => number === right[index]);
}
