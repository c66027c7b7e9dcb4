import type { Container, Pod, SourceKind } from '../../harness/spec/pod.js';
import type { RestartPolicy } from '../../harness/spec/pod.js';
import type { Timings } from '../../harness/spec/timings.js';
import type { StaticOrigin } from './sources/static-pod.js';
import type { ContainerRecord, DesiredPod, PodRecord, SandboxRecord } from './types.js';

/** How an update differs from what the same source said before. */
export type Change = 'none' | 'status' | 'changed';

/**
 * Everything the agent decides, apart from how it waits and calls. The reference decisions are right; a
 * mutant replaces one of them by a wrong one. They keep no state: what they need they are given.
 */
export interface Decisions {
  // Sources.
  /** Whether a directory or URL is looked at again, once it has been read. */
  readonly looksAgain: (source: 'file' | 'http') => boolean;
  readonly isManifestName: (name: string) => boolean;
  /** What a file that cannot be read or decoded does to the pods known from the directory. */
  readonly onBadFile: 'keepItsPod' | 'dropItsPod' | 'dropAll';
  /** Whether a pod whose file is gone stays in the source's list. */
  readonly keepsDeletedFile: boolean;
  readonly staticName: (name: string, nodeName: string) => string;
  readonly staticHash: (raw: Pod, origin: StaticOrigin) => string;
  /** What an answer of the manifest URL means: its pods, no pods, or nothing at all. */
  readonly httpAnswer: (answer: {
    readonly status: number;
    readonly body: string;
  }) => 'pods' | 'none' | 'keep';
  /** Longer documents of the manifest URL are refused, in bytes. */
  readonly documentBytesMax: number;
  /** A list with an invalid member: refuse the whole, or take the valid rest. */
  readonly onPartlyInvalidList: 'refuse' | 'takeValid';
  /** Whether a document is worth looking at, given the last accepted one and all those before. */
  readonly isNewDocument: (text: string, last: string | undefined, earlier: ReadonlySet<string>) => boolean;
  /** What a source that cannot be reached has: what it had, or nothing. */
  readonly onSourceError: (source: SourceKind) => 'keep' | 'empty';
  /** How long after it was read what a source says is acted on, in its order. */
  readonly reactsAfterMs: number;
  readonly podSelector: (nodeName: string) => Record<string, string>;
  /** What a 410 of the watch does to the known objects until the new list is there. */
  readonly on410: 'relist' | 'relistFromEmpty' | 'ignore';
  readonly onFeedEnd: 'subscribe' | 'giveUp';
  readonly onWatchEnd: 'reopen' | 'giveUp' | 'forget';
  /** Whether a list or watch event is newer than what is known of the same thing. */
  readonly acceptsVersion: (version: number, known: number) => boolean;
  /** Whether a list that the API server answers is taken, given the newest version seen in this life. */
  readonly acceptsListVersion: (version: number, newest: number) => boolean;

  // Mux.
  /** What tells pods apart. */
  readonly keyOf: (pod: Pod) => string;
  /** Which of several entries of one name in one source is run; all of them, if wrong. */
  readonly chooseDuplicates: (
    candidates: readonly Pod[],
    known: { readonly accepted: ReadonlySet<string>; readonly isRunning: (uid: string) => boolean },
  ) => readonly Pod[];
  readonly classifyUpdate: (previous: Pod, next: Pod) => Change;
  readonly acceptsAddition: (pod: DesiredPod, isFirstDelivery: boolean) => boolean;
  /** The keys that a removal concerns, among those of all sources. */
  readonly removalTargets: (removed: DesiredPod, all: Iterable<DesiredPod>) => readonly string[];
  /** Whether pods may be stopped because no source wants them. */
  readonly mayStopUndesired: (state: { readonly allReady: boolean }) => boolean;
  /** The same of removing what is left of pods that have ended. */
  readonly mayRemoveUndesired: (state: { readonly allReady: boolean }) => boolean;
  /** Whether mirrors may be deleted because no source has a pod for them. */
  readonly mayDeleteMirrors: (state: { readonly allReady: boolean }) => boolean;
  readonly removalBeforeReady: 'defer' | 'forget';
  readonly waitsForRemoval: 'stop' | 'ignore';

  // Workers.
  readonly isTerminating: (pod: Pod) => boolean;
  readonly isFinishedAtSource: (pod: Pod) => boolean;
  readonly readdDuringTermination: 'startAgain' | 'forget';
  /** Whether a static pod that waits for its name is forgotten when its source drops it. */
  readonly dropsWaiting: boolean;
  readonly waitsForName: (holder: { readonly terminating: boolean }) => 'wait' | 'start' | 'forget';
  /** Whether work for a pod goes on while it is being deleted. */
  readonly interruptsSetup: boolean;
  /** Whether pods are started, and restarted, as far as it depends on how the sources are. */
  readonly startsPods: (sources: { readonly allReady: boolean; readonly apiAnswers: boolean }) => boolean;
  /** Which definition a look at a pod goes by: the newest, or the one that it began with. */
  readonly looksWith: 'newest' | 'begunWith';
  /** When to look at a pod again: after a failure, or after a look that found nothing to do. */
  readonly retryDelayMs: (timings: Timings, unit: number) => number | undefined;
  readonly resyncDelayMs: (timings: Timings, unit: number) => number | undefined;
  /** Whether what was just started is taken into account before a listing shows it. */
  readonly remembersOwnWrites: boolean;
  /** What to do when a Run, Create or Start failed and may have taken effect. */
  readonly onAmbiguousWrite: 'list' | 'tryNextAttempt';
  /** What containers found from a life before mean. */
  readonly onAdoption: 'keep' | 'restart' | 'ignore';
  readonly isSandboxUsable: (sandbox: SandboxRecord, pod: Pod) => boolean;
  readonly readySandboxesMax: number;
  readonly repairsRemoved: boolean;
  /** How often everything is listed beside the runtime's events, which may be lost. */
  readonly relistPeriodMs: (timings: Timings, hasListed: boolean) => number;
  readonly shouldRestart: (
    policy: RestartPolicy,
    exit: { readonly exitCode: number; readonly reason: string },
  ) => boolean;
  readonly needsReplacement: (container: ContainerRecord, wanted: Container, hash: string) => boolean;
  /** What an update does to containers that have ended for good. */
  readonly endedOnUpdate: 'leave' | 'runAgain';
  /** How an update that changed something besides containers is taken. */
  readonly onMetadataChange: 'nothing' | 'restartPod';
  /** When a container that has ended may be started again, in milliseconds since the epoch. */
  readonly restartDueMs: (exit: BackoffInput, timings: Timings) => number;
  readonly nextStreak: (exit: BackoffInput, timings: Timings) => number;
  /** Whose crashes make a container wait: its own, or those of all containers of the pod. */
  readonly crashesCounted: 'perContainer' | 'perPod';
  /** Which end of an init container counts: one in the present sandbox, or in any. */
  readonly initsCounted: 'inSandbox' | 'inAny';
  /** When sidecars run: always, as the policy of their pod says, or never. */
  readonly sidecars: 'always' | 'underPodPolicy' | 'never';
  /** Init containers that may start before the one in front of them has ended. */
  readonly initOrder: 'oneByOne' | 'together';
  readonly onUnknownContainer: 'stopFirst' | 'treatAsExited' | 'treatAsRunning';

  // Images.
  readonly pullsImage: (policy: 'Always' | 'IfNotPresent' | 'Never', present: boolean) => boolean;

  // Termination.
  readonly graceS: (pod: Pod) => number;
  /** What is left for a container's stop, in seconds, as StopContainer takes it. */
  readonly stopTimeoutS: (graceS: number, elapsedMs: number) => number;
  readonly laterGraceS: (currentS: number, requestedS: number) => number;
  readonly stopOrder: 'containersThenSandbox' | 'sandboxFirst' | 'sandboxOnly';
  /** How the regular containers of one pod are stopped. */
  readonly regularOrder: 'together' | 'oneByOne';
  /** Whether a sandbox that has stopped is stopped all the same when its pod is looked at. */
  readonly stopsEndedSandboxes: boolean;
  readonly sidecarOrder: 'afterInReverse' | 'afterInOrder' | 'first' | 'together';
  readonly runsPreStop: (state: { readonly alreadyRun: boolean; readonly isOrphan: boolean }) => boolean;
  readonly retriesStop: boolean;
  readonly verifiesStop: boolean;
  readonly mayDeleteObject: (state: { readonly stopped: boolean }) => boolean;
  readonly deletesObject: boolean;
  /** Whether the deletion of an object whose pod has stopped says that nothing is to be waited for. */
  readonly deletesWithoutGrace: boolean;
  readonly startsWhileTerminating: boolean;

  // Runtime view, orphans, garbage.
  readonly onListError: 'keep' | 'empty';
  readonly orphansOf: (
    records: Iterable<PodRecord>,
    known: {
      readonly hasWorker: (uid: string) => boolean;
      readonly isDesired: (uid: string) => boolean;
      readonly listingIsNewer: boolean;
    },
  ) => readonly PodRecord[];
  readonly orphanGraceS: number;
  readonly removesContainers: boolean;
  readonly removesSandboxes: boolean;
  /** What of a pod that has ended is removed first. */
  readonly removalOrder: 'containersThenSandboxes' | 'sandboxesThenContainers';
  /** Dead containers of one name to keep while the pod exists. */
  readonly deadContainersKept: number;
  readonly worksWhileRuntimeDown: boolean;
  readonly startsWithoutNetwork: (pod: Pod) => boolean;

  // Status.
  readonly statusNeedsWrite: (differs: boolean) => boolean;
  /** Whether a container that runs counts as ready. */
  readonly isReady: (running: { readonly isFromEarlierLife: boolean }) => boolean;
  readonly mirrorIsDesired: boolean;
}

/** What crash back-off is computed from. */
export interface BackoffInput {
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  /** Restarts in the present series of crashes, the last start included. */
  readonly streak: number;
  /** The definition is another one since. */
  readonly isChanged: boolean;
  /** An init container that is no sidecar. */
  readonly isInit: boolean;
}
