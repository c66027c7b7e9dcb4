import type { SourceHeld, SourceServed, Stamp } from '../trace/events.js';
import type { ActualContainer, ActualPod } from './actual-pod.js';
import { readySandboxOf } from './actual-pod.js';
import type { DesiredPod, ServedChange } from './desired-pod.js';
import type { ModelState } from './model-view.js';
import { mayActOnAnother, mayActYet, mayHaveReadBefore } from './pod-versions.js';
import { instancesOf, isUnwanted, standingOf } from './standing.js';
import { differs } from './stop-reason.js';

export function applyHeld(state: ModelState, event: SourceHeld & Stamp): void {
  state.desired.held(event);
  if (state.run.world === 'live' && event.source === 'file') applyLiveFile(state, event);
}

/** In live nobody sees the agent read files: what is held counts as shown, with time to notice it. */
function applyLiveFile(state: ModelState, event: SourceHeld & Stamp): void {
  if (!state.agentUp) return;
  const bad = (event.files ?? [])
    .filter((file) => file.type === 'file' && !file.name.startsWith('.'))
    .filter((file) => !file.readable || file.pod === undefined)
    .map((file) => file.name);
  const shown: SourceServed & Stamp = {
    t: event.t,
    seq: event.seq,
    kind: 'source.served',
    actor: 'source:file',
    source: 'file',
    revision: event.revision,
    outcome: bad.length > 0 ? 'partial' : 'list',
    pods: event.pods,
    bad,
  };
  const change = state.desired.served(shown);
  const untilMs = event.t + state.run.timings.fileCheckMs + state.run.slackMs;
  for (const entry of [...change.added, ...change.changed, ...change.removed])
    entry.uncertainUntilMs = untilMs;
  // A file of another name may mean another identity; and to who watches names, that one has gone and one has come.
  for (const entry of state.desired.sources.get('file')?.listed ?? []) {
    if (entry.movedSeq !== event.seq) continue;
    entry.uncertainUntilMs = untilMs;
    if (entry.uid !== undefined) for (const pod of instancesOf(state, entry)) license(state, pod);
  }
  noteChange(state, change);
}

export function applyServed(state: ModelState, event: SourceServed & Stamp): void {
  if (event.outcome === 'error') state.calmSince = event.t;
  const wasReady = state.desired.allReady();
  const view = state.desired.sources.get(event.source);
  const isFirst = view !== undefined && !view.ready;
  state.served = state.desired.served(event);
  if (isFirst && view.ready) for (const entry of view.listed) noteWanted(state, entry);
  if (!wasReady && state.desired.allReady()) {
    state.calmSince = Math.max(state.calmSince, event.t);
    for (const pod of state.actual.pods.values()) license(state, pod);
  }
  if (event.outcome !== 'error') noteChange(state, state.served);
}

function noteChange(state: ModelState, change: ServedChange): void {
  for (const entry of change.added) {
    noteWanted(state, entry);
    if (!instancesOf(state, entry).some(isUnderWay)) entry.earlierGraceS = 0;
  }
  state.lastServed = change;
  if (change.added.length + change.changed.length + change.removed.length > 0)
    state.wantedChangedAtMs = state.t;
  for (const entries of [change.changed, change.removed, change.unreadable]) {
    for (const entry of entries) {
      if (entry.uid === undefined) for (const pod of state.actual.byName(entry.fullName)) license(state, pod);
      else {
        const pod = state.actual.pods.get(entry.uid);
        if (pod === undefined) continue;
        license(state, pod);
        licenseContainers(pod, entry);
      }
    }
  }
}

/**
 * The present life of the agent knows these pods as wanted. One that it first knew as nobody's may be on its way
 * out with the grace period of an orphan, whatever its manifest says.
 */
function noteWanted(state: ModelState, entry: DesiredPod): void {
  for (const pod of instancesOf(state, entry)) {
    const { is } = standingOf(state, pod);
    if (is === 'wanted' && pod.licenceSeq < 0) pod.wantedBy = state.incarnation;
  }
}

/** A container whose definition was another for a while may be replaced, even when it has changed back. */
function licenseContainers(pod: ActualPod, entry: DesiredPod): void {
  const listed = entry.pods.length === 0 ? [entry.pod] : entry.pods;
  for (const container of pod.containers.values()) {
    if (container.state !== 'exited' && listed.some((one) => differs(container, one)))
      container.isLicensed = true;
  }
}

/** What is made of a definition that is another by now, or was another a moment ago, may be replaced for that. */
export function licenseOutdated(state: ModelState, container: ActualContainer): void {
  const { entry } = standingOf(state, container.pod);
  if (entry?.uid === undefined) return;
  const agrees = (version: number): boolean => !differs(container, state.desired.podOfVersion(version));
  if (mayActOnAnother(state, entry, { atMs: state.t, agrees })) container.isLicensed = true;
}

/** Something of it runs, or is being done about it. */
function isUnderWay(pod: ActualPod): boolean {
  return pod.readyCount > 0 || pod.runningCount > 0 || pod.pendingCalls > 0;
}

/** A pod that is unwanted once, while anything of it exists, may be torn down even when it is wanted again. */
function license(state: ModelState, pod: ActualPod): void {
  if (!isUnderWay(pod)) return;
  const { is } = standingOf(state, pod);
  if (is !== 'wanted') pod.licenceSeq = state.seq;
}

/** What comes to be while nobody wants it may be torn down from then on, even when it is wanted again. */
export function licenseUnwanted(state: ModelState, pod: ActualPod): void {
  if (!state.desired.allReady()) return;
  const standing = standingOf(state, pod);
  if (isUnwanted(standing) || mayBeRemovedYet(state, standing.entry)) pod.licenceSeq = state.seq;
  licenseEdited(state, pod);
}

/** An edit of a pod whose UID is the agent's own ends one pod and begins another, even when it is edited back. */
export function licenseEdited(state: ModelState, pod: ActualPod): void {
  const { entry } = standingOf(state, pod);
  if (entry === undefined || entry.uid !== undefined || !state.desired.allReady()) return;
  const atMs = readySandboxOf(pod)?.createdAtMs ?? state.t;
  const agrees = (version: number): boolean => pod.versions.has(version);
  if (mayActOnAnother(state, entry, { atMs, agrees })) pod.licenceSeq = state.seq;
}

/**
 * It was removed and listed again, or came to be in a file of another name, and the agent may act on the removal,
 * or the end of the former file, only now.
 */
function mayBeRemovedYet(state: ModelState, entry: DesiredPod | undefined): boolean {
  if (entry === undefined) return false;
  return (
    mayHaveReadBefore(state, entry) || (entry.removedSeq >= 0 && mayActYet(state, entry, entry.removedAtMs))
  );
}
