import type { Pod, SourceKind } from '../../harness/spec/pod.js';
import { isStaticSource } from '../../harness/spec/pod.js';
import type { Decisions } from './decisions.js';
import type { DesiredPod } from './types.js';

/** What one delivery of a source changed, in the order in which it has to be acted upon. */
export interface MuxUpdate {
  readonly source: SourceKind;
  readonly isFirstDelivery: boolean;
  /** The delivery before said all there was: what was not in it was not wanted. */
  readonly wasComplete: boolean;
  readonly removed: readonly DesiredPod[];
  readonly added: readonly DesiredPod[];
  readonly changed: readonly DesiredPod[];
  /** The same to the runtime: only status or bookkeeping differ. */
  readonly reconciled: readonly DesiredPod[];
  /** Entries that were refused, because another of that name in this source is run. */
  readonly refused: readonly Pod[];
}

/** Keeps each source's last complete list and turns the next one into changes against it. */
export interface Mux {
  /** `isComplete` is false when the source holds things that cannot be read. */
  deliver(source: SourceKind, pods: readonly Pod[], isComplete: boolean): MuxUpdate;
  /** Whether every configured source has delivered once. */
  allReady(): boolean;
  isReady(source: SourceKind): boolean;
  /** All entries of all sources; one key may occur in several. */
  entries(): Iterable<DesiredPod>;
  /** The entry of this key in the first source that lists it. */
  find(key: string): DesiredPod | undefined;
}

export function createMux(
  sources: readonly SourceKind[],
  decisions: Decisions,
  isRunning: (uid: string) => boolean,
): Mux {
  const lists = new Map<SourceKind, Map<string, DesiredPod>>();
  const complete = new Set<SourceKind>();

  function accept(source: SourceKind, pods: readonly Pod[]): { accepted: Pod[]; refused: Pod[] } {
    const byName = new Map<string, Pod[]>();
    for (const pod of pods) {
      const name = fullNameOf(pod);
      const others = byName.get(name);
      if (others === undefined) byName.set(name, [pod]);
      else if (!others.some((other) => other.metadata.uid === pod.metadata.uid)) others.push(pod);
    }
    const accepted: Pod[] = [];
    const previous = lists.get(source);
    for (const candidates of byName.values()) {
      if (candidates.length === 1) accepted.push(candidates[0]!);
      else {
        const known = { accepted: new Set(previous?.keys() ?? []), isRunning };
        accepted.push(...decisions.chooseDuplicates(candidates, known));
      }
    }
    const kept = new Set(accepted);
    return { accepted, refused: pods.length === kept.size ? [] : pods.filter((pod) => !kept.has(pod)) };
  }

  return {
    deliver(source, pods, isComplete) {
      const wasComplete = complete.has(source);
      if (isComplete) complete.add(source);
      else complete.delete(source);
      const previous = lists.get(source);
      const { accepted, refused } = accept(source, pods);
      const next = new Map<string, DesiredPod>();
      const added: DesiredPod[] = [];
      const changed: DesiredPod[] = [];
      const reconciled: DesiredPod[] = [];
      for (const pod of accepted) {
        const key = decisions.keyOf(pod);
        if (next.has(key)) continue;
        const before = previous?.get(key);
        const entry = before?.pod === pod ? before : entryOf(source, key, pod);
        next.set(key, entry);
        if (before === undefined) added.push(entry);
        else if (before !== entry) {
          const change = decisions.classifyUpdate(before.pod, pod);
          if (change === 'changed') changed.push(entry);
          else reconciled.push(entry);
        }
      }
      const removed: DesiredPod[] = [];
      for (const [key, entry] of previous ?? []) if (!next.has(key)) removed.push(entry);
      lists.set(source, next);
      return {
        source,
        isFirstDelivery: previous === undefined,
        wasComplete,
        removed,
        added,
        changed,
        reconciled,
        refused,
      };
    },
    allReady: () => sources.every((source) => lists.has(source)),
    isReady: (source) => lists.has(source),
    entries: () => [...lists.values()].flatMap((list) => [...list.values()]),
    find(key) {
      for (const source of sources) {
        const entry = lists.get(source)?.get(key);
        if (entry !== undefined) return entry;
      }
      return undefined;
    },
  };
}

function entryOf(source: SourceKind, key: string, pod: Pod): DesiredPod {
  return {
    key,
    uid: pod.metadata.uid!,
    fullName: fullNameOf(pod),
    source,
    isStatic: isStaticSource(source),
    pod,
  };
}

/** `namespace/name`. */
export function fullNameOf(pod: Pod): string {
  return `${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}`;
}
