import type { RuntimeRequest } from '../trace/events.js';
import type { ActualPod } from './actual-pod.js';
import type { DesiredPod } from './desired-pod.js';
import type { ModelState, ModelView } from './model-view.js';
import { containerContent, findContainer } from './pod-meaning.js';

/** A list served this recently may not have been acted on yet by a call that is made now. */
const reactionMs = 1_000;

/**
 * A static pod's UID is the agent's own: which version it stands for is among those served so far, and the
 * present one when that has been served long enough.
 */
export function guessVersions(state: ModelState, pod: ActualPod): void {
  if (state.desired.byUid(pod.uid).length > 0) return;
  for (const entry of state.desired.byName(pod.fullName)) {
    if (entry.uid !== undefined) continue;
    const isOld = entry.pods.length > 0 && !mayActYet(state, entry, entry.changedAtMs);
    for (const version of isOld ? entry.versions : entry.everVersions) pod.versions.add(version);
    if (mayHaveReadBefore(state, entry)) pod.readBeforeSeq = entry.movedSeq;
  }
}

/** A pod that is started now may come from a file that got its present name after the agent had read it. */
export function mayHaveReadBefore(state: ModelState, entry: DesiredPod): boolean {
  return entry.movedSeq >= 0 && mayActYet(state, entry, entry.movedAtMs);
}

/** What was shown at this time may be acted on only now, also because a call that was slow or failed was in the way. */
export function mayActYet(state: ModelState, entry: DesiredPod, shownAtMs: number): boolean {
  const sinceMs = state.run.world === 'sim' ? Math.max(shownAtMs, state.calmSinceMs()) : shownAtMs;
  return state.t <= reactedByMs(state, sinceMs) + noticeMs(state, entry);
}

/**
 * The agent was shown a version that what it made at this time agrees with, and after that another one, which is still
 * listed or was not to be acted on before: it may end the former for the latter, whatever has been listed since.
 */
export function mayActOnAnother(
  state: ModelState,
  entry: DesiredPod,
  made: { readonly atMs: number; readonly agrees: (version: number) => boolean },
): boolean {
  const latest = entry.shown.at(-1);
  const isRecent = (atMs: number): boolean => made.atMs <= reactedByMs(state, atMs) + noticeMs(state, entry);
  let hasAgreed = false;
  for (const shown of entry.shown) {
    if (shown.versions.some(made.agrees)) hasAgreed = true;
    else if (hasAgreed && (shown === latest || isRecent(shown.atMs))) return true;
  }
  return false;
}

/** Where nobody sees the agent read files, what is held counts as shown before it can have been read. */
function noticeMs({ run }: ModelState, { source }: DesiredPod): number {
  return run.world === 'live' && source === 'file' ? run.timings.fileCheckMs + run.slackMs : 0;
}

/** When the agent must have acted on what it was shown at this time, in milliseconds of the run. */
export function reactedByMs(model: ModelView, shownAtMs: number): number {
  if (model.run.world === 'sim') return shownAtMs + reactionMs;
  const { Tpleg, Thk } = model.bounds;
  const calmSinceMs = model.calmSinceMs();
  // Something that kept it from working keeps it from noticing, too, and agents wait between looks whether it is over.
  const recoveryMs = calmSinceMs > shownAtMs ? model.run.timings.runtimeStatusMs : 0;
  return Math.max(shownAtMs, calmSinceMs) + recoveryMs + Tpleg + Thk + reactionMs;
}

/** What a container is created from tells versions apart. */
export function narrowVersions(state: ModelState, pod: ActualPod, event: RuntimeRequest): void {
  if (pod.versions.size === 0) return;
  const { config } = event.request as { config?: { metadata?: { name?: string } } };
  const name = config?.metadata?.name ?? event.container;
  if (name === undefined) return;
  const content = containerContent(contentOfCreate(state, event));
  const says = (version: number): boolean => {
    const container = findContainer(state.desired.podOfVersion(version), name);
    return container !== undefined && containerContent(container) === content;
  };
  const guessed = [...pod.versions];
  for (const version of guessed) if (!says(version)) pod.versions.delete(version);
  if (pod.versions.size > 0) return;
  // It is not what was guessed: an earlier version, then, if it was ever served.
  for (const entry of state.desired.byName(pod.fullName)) {
    if (entry.uid !== undefined) continue;
    for (const version of entry.everVersions) if (says(version)) pod.versions.add(version);
  }
  // No version says so: the pod is what it was taken for, and the container is made wrongly.
  if (pod.versions.size === 0) for (const version of guessed) pod.versions.add(version);
}

/** What a container is to run, as the request to create it says. */
export function contentOfCreate(
  { imageNames }: ModelState,
  event: RuntimeRequest,
): Parameters<typeof containerContent>[0] {
  const { config } = event.request as {
    config?: {
      image?: { image?: string; userSpecifiedImage?: string };
      command?: string[];
      args?: string[];
    };
  };
  return { image: imageNames.nameOf(config?.image), command: config?.command, args: config?.args };
}
