import type { Pod, RestartPolicy } from '../../harness/spec/pod.js';
import { Keys } from '../../harness/spec/pod.js';
import { contentHash } from './content-hash.js';
import type { Change, Decisions } from './decisions.js';
import { nextStreak, restartDueMs } from './restart-backoff.js';
import { manifestLengthMax } from './sources/decode-manifest.js';
import { staticHash } from './sources/static-pod.js';
import type { PodRecord, SandboxRecord } from './types.js';

/** StopContainer is never given less, in seconds. */
const stopTimeoutMinS = 2;
/** Periods are stretched by a random factor of 1 to 1.5, so that pods do not move in step. */
const jitter = (unit: number): number => 1 + unit / 2;

/** The right decisions. */
export const referenceDecisions: Decisions = {
  looksAgain: () => true,
  isManifestName: (name) => !name.startsWith('.'),
  onBadFile: 'keepItsPod',
  keepsDeletedFile: false,
  staticName: (name, nodeName) => `${name}-${nodeName.toLowerCase()}`,
  staticHash,
  httpAnswer: ({ status, body }) => (status !== 200 ? 'keep' : body.length === 0 ? 'none' : 'pods'),
  documentBytesMax: manifestLengthMax,
  onPartlyInvalidList: 'refuse',
  isNewDocument: (text, last) => text !== last,
  onSourceError: () => 'keep',
  reactsAfterMs: 0,
  podSelector: (nodeName) => ({ fieldSelector: `spec.nodeName=${nodeName}` }),
  on410: 'relist',
  onFeedEnd: 'subscribe',
  onWatchEnd: 'reopen',
  acceptsVersion: (version, known) => version > known,
  acceptsListVersion: (version, newest) => version >= newest,

  keyOf: (pod) => pod.metadata.uid!,
  chooseDuplicates(candidates, { accepted, isRunning }) {
    const earlier =
      candidates.find((pod) => accepted.has(pod.metadata.uid!)) ??
      candidates.find((pod) => isRunning(pod.metadata.uid!));
    return [earlier ?? candidates[0]!];
  },
  classifyUpdate,
  acceptsAddition: () => true,
  removalTargets: (removed) => [removed.key],
  mayStopUndesired: ({ allReady }) => allReady,
  mayRemoveUndesired: ({ allReady }) => allReady,
  mayDeleteMirrors: ({ allReady }) => allReady,
  removalBeforeReady: 'defer',
  waitsForRemoval: 'stop',

  isTerminating: (pod) => pod.metadata.deletionTimestamp !== undefined,
  isFinishedAtSource: (pod) => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed',
  readdDuringTermination: 'startAgain',
  dropsWaiting: true,
  waitsForName: () => 'wait',
  startsPods: () => true,
  interruptsSetup: true,
  looksWith: 'newest',
  retryDelayMs: (timings, unit) => jitter(unit) * Math.min(timings.errorRetryMs, timings.syncFrequencyMs),
  resyncDelayMs: (timings, unit) => jitter(unit) * timings.syncFrequencyMs,
  remembersOwnWrites: true,
  onAmbiguousWrite: 'list',
  onAdoption: 'keep',
  isSandboxUsable,
  readySandboxesMax: 1,
  repairsRemoved: true,
  relistPeriodMs: (timings) => timings.relistMs,
  shouldRestart,
  needsReplacement: (container, _wanted, hash) => container.hash !== undefined && container.hash !== hash,
  endedOnUpdate: 'leave',
  onMetadataChange: 'nothing',
  restartDueMs,
  nextStreak,
  crashesCounted: 'perContainer',
  initsCounted: 'inSandbox',
  sidecars: 'always',
  initOrder: 'oneByOne',
  onUnknownContainer: 'stopFirst',

  pullsImage: (policy, present) => policy === 'Always' || (policy === 'IfNotPresent' && !present),

  graceS,
  stopTimeoutS: (grace, elapsedMs) => Math.max(stopTimeoutMinS, Math.floor(grace - elapsedMs / 1_000 + 1e-6)),
  laterGraceS: (currentS, requestedS) => Math.min(currentS, requestedS),
  stopOrder: 'containersThenSandbox',
  regularOrder: 'together',
  stopsEndedSandboxes: false,
  sidecarOrder: 'afterInReverse',
  runsPreStop: ({ alreadyRun, isOrphan }) => !alreadyRun && !isOrphan,
  retriesStop: true,
  verifiesStop: true,
  mayDeleteObject: ({ stopped }) => stopped,
  deletesObject: true,
  deletesWithoutGrace: true,
  startsWhileTerminating: false,

  onListError: 'keep',
  orphansOf,
  orphanGraceS: 1,
  removesContainers: true,
  removesSandboxes: true,
  removalOrder: 'containersThenSandboxes',
  deadContainersKept: 1,
  worksWhileRuntimeDown: false,
  startsWithoutNetwork: (pod) => pod.spec.hostNetwork === true,

  statusNeedsWrite: (differs) => differs,
  isReady: () => true,
  mirrorIsDesired: false,
};

function isSandboxUsable(sandbox: SandboxRecord, pod: Pod): boolean {
  if (!sandbox.ready) return false;
  if (!sandbox.detailed) return true;
  const hostNetwork = pod.spec.hostNetwork === true;
  if (sandbox.hostNetwork !== undefined && sandbox.hostNetwork !== hostNetwork) return false;
  return hostNetwork || sandbox.ip !== '';
}

function shouldRestart(policy: RestartPolicy, exit: { exitCode: number; reason: string }): boolean {
  switch (policy) {
    case 'Always':
      return true;
    case 'OnFailure':
      return exit.exitCode !== 0 || exit.reason === 'OOMKilled';
    case 'Never':
      return false;
  }
}

/** The period that a deletion gives, else the pod's own; a second at least. */
function graceS(pod: Pod): number {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  const own = pod.spec.terminationGracePeriodSeconds ?? 30;
  return Math.max(1, deletionTimestamp === undefined ? own : (deletionGracePeriodSeconds ?? own));
}

/** Only a listing taken after the desired pods were known says which of the running ones nobody wants. */
function orphansOf(
  records: Iterable<PodRecord>,
  known: {
    readonly hasWorker: (uid: string) => boolean;
    readonly isDesired: (uid: string) => boolean;
    readonly listingIsNewer: boolean;
  },
): PodRecord[] {
  if (!known.listingIsNewer) return [];
  const orphans: PodRecord[] = [];
  for (const record of records) {
    if (!known.hasWorker(record.uid) && !known.isDesired(record.uid)) orphans.push(record);
  }
  return orphans;
}

/** Annotations that agents put on pods themselves. */
const ownAnnotations: ReadonlySet<string> = new Set([
  Keys.annotationConfigSource,
  Keys.annotationConfigHash,
  Keys.annotationConfigMirror,
]);

function classifyUpdate(previous: Pod, next: Pod): Change {
  if (previous === next) return 'none';
  const before = previous.metadata;
  const after = next.metadata;
  const isSame =
    before.deletionTimestamp === after.deletionTimestamp &&
    before.deletionGracePeriodSeconds === after.deletionGracePeriodSeconds &&
    isSameContent(previous.spec, next.spec) &&
    isSameContent(before.labels ?? {}, after.labels ?? {}) &&
    isSameContent(foreignAnnotations(before.annotations), foreignAnnotations(after.annotations));
  if (!isSame) return 'changed';
  return isSameContent(previous.status ?? {}, next.status ?? {}) ? 'none' : 'status';
}

function isSameContent(left: object, right: object): boolean {
  return left === right || contentHash(left) === contentHash(right);
}

function foreignAnnotations(annotations: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !ownAnnotations.has(name)));
}
