import type { Pod, SourceKind } from '../spec/pod.js';
import type { SourceHeld, SourceServed, Stamp } from '../trace/events.js';
import { graceSecondsOf, specGraceSecondsOf } from './pod-meaning.js';

/** One pod as one source knows it: by its UID, or by its full name when it has none. */
export interface DesiredPod {
  readonly source: SourceKind;
  readonly key: string;
  readonly uid: string | undefined;
  readonly fullName: string;
  /** The entries of the latest list; several are duplicates of one identity. Empty when it is not listed. */
  pods: readonly Pod[];
  /** The last entry that was listed. */
  pod: Pod;
  /** Numbers of the meanings in `pods`, see {@link DesiredPods.versionOf}. */
  versions: readonly number[];
  readonly everVersions: Set<number>;
  /** What `versions` came to be, in order, and when that was shown: in this life of the agent, and last before it. */
  readonly shown: { readonly versions: readonly number[]; readonly atMs: number }[];
  /** File pods: the names of the files that said so when the agent last looked. */
  origin: string;
  /** When only those names changed: an agent may give the same content another identity then, or not. */
  movedSeq: number;
  movedAtMs: number;
  /** The agent's present life has been shown the list that says so. */
  known: boolean;
  /** Its manifest cannot be read at the moment: running on and stopping are both allowed. */
  uncertain: boolean;
  /** Until then the agent may not have read the latest state; only where reads cannot be observed. */
  uncertainUntilMs: number;
  deleting: boolean;
  /** When the agent was last shown that it is to be deleted. */
  deletingSeq: number;
  terminal: boolean;
  /** It lost its deletion timestamp without leaving the list, which no source of pods does by itself. */
  undeleted: boolean;
  /** The grace that its termination began with, in seconds: what is asked for later may only shorten it. */
  endGraceS: number | undefined;
  /** The same of a termination before it was listed again, which may still be under way; 0: none is. */
  earlierGraceS: number;
  /** When it last shared its name or UID with another listed entry. */
  contestedSeq: number;
  /** When it was last added to the list or changed its meaning. */
  changedAtMs: number;
  changedSeq: number;
  removedAtMs: number;
  removedSeq: number;
  /** How it left: by a list without it, by a list without anything, or by an event. */
  removedBy: 'list' | 'emptyList' | 'event';
  /** Every source had delivered when it left. */
  removedWhenReady: boolean;
  /** Changes of meaning, and returns to the list, since it was last seen converged. */
  edits: number;
  returns: number;
}

/** What a served message changed. */
export interface ServedChange {
  readonly source: SourceKind;
  readonly event: SourceServed & Stamp;
  readonly added: readonly DesiredPod[];
  readonly changed: readonly DesiredPod[];
  readonly removed: readonly DesiredPod[];
  /** Still listed as far as anyone knows, but their manifests could not be read. */
  readonly unreadable: readonly DesiredPod[];
}

/** One source as the agent's present life has seen it. */
export interface SourceView {
  readonly kind: SourceKind;
  /** Has delivered a list to the agent's present life. */
  ready: boolean;
  readySeq: number;
  /** The last message said nothing about pods. */
  failing: boolean;
  failingSeq: number;
  failure: string;
  /** An older list was shown than one before: what the agent believes is open until the next list. */
  uncertain: boolean;
  held: (SourceHeld & Stamp) | undefined;
  /** The last list or change that the agent was shown, and how many in all. */
  served: (SourceServed & Stamp) | undefined;
  servedCount: number;
  listed: Set<DesiredPod>;
}

/** A pod that no list has had yet. */
export function newEntry(identity: {
  source: SourceKind;
  key: string;
  uid: string | undefined;
  fullName: string;
  pod: Pod;
}): DesiredPod {
  return {
    ...identity,
    pods: [],
    versions: [],
    origin: '',
    movedSeq: -1,
    movedAtMs: 0,
    everVersions: new Set(),
    shown: [],
    known: false,
    uncertain: false,
    uncertainUntilMs: -1,
    deleting: false,
    deletingSeq: -1,
    terminal: false,
    undeleted: false,
    endGraceS: undefined,
    earlierGraceS: 0,
    contestedSeq: -1,
    changedAtMs: 0,
    changedSeq: -1,
    removedAtMs: 0,
    removedSeq: -1,
    removedBy: 'list',
    removedWhenReady: false,
    edits: 0,
    returns: 0,
  };
}

/** A source that has shown nothing. */
export function emptyView(kind: SourceKind): SourceView {
  return {
    kind,
    ready: false,
    readySeq: -1,
    failing: false,
    failingSeq: -1,
    failure: '',
    uncertain: false,
    held: undefined,
    served: undefined,
    servedCount: 0,
    listed: new Set(),
  };
}

/**
 * Of a UID that a list says twice, in two ways, either may be the one that an agent goes by. A deletion at once, with a
 * grace of zero, may be taken for one that asks for none of its own (kubelet, `calculateEffectiveGracePeriod`).
 */
export function longestGraceS({ pod, pods }: DesiredPod): number {
  return Math.max(...[pod, ...pods].map((one) => graceSecondsOf(one) || specGraceSecondsOf(one)));
}

/** Takes the pod off its source's list. */
export function removeEntry(entry: DesiredPod, event: Stamp): void {
  entry.endGraceS ??= longestGraceS(entry);
  entry.pods = [];
  entry.versions = [];
  entry.deleting = false;
  entry.undeleted = false;
  entry.uncertain = false;
  entry.known = true;
  entry.removedAtMs = event.t;
  entry.removedSeq = event.seq;
}
