import type { ActualContainer, ActualPod } from './actual-pod.js';
import type { DesiredPod } from './desired-pod.js';
import { isContested } from './desired-pods.js';
import type { ModelView } from './model-view.js';
import type { Pod } from '../spec/pod.js';
import type { Bounds } from '../spec/timings.js';

/**
 * What the sources, as the agent has seen them, say of a pod that exists in the runtime.
 * - `wanted`: it must run;
 * - `contested`: several entries claim its name or UID, or its file has another name,
 *   or it may be an instance of an earlier version: which runs is open;
 * - `uncertain`: its manifest cannot be read now, or the agent may not have noticed a change yet;
 * - `unseen`: its source has not delivered to the agent's present life;
 * - `deleting`, `terminal`: listed, but to be stopped; `superseded`: its name is listed with another content;
 * - `gone`: no longer listed; `unknown`: never was.
 */
export interface Standing {
  readonly is:
    | 'wanted'
    | 'contested'
    | 'uncertain'
    | 'unseen'
    | 'deleting'
    | 'terminal'
    | 'superseded'
    | 'gone'
    | 'unknown';
  readonly entry: DesiredPod | undefined;
}

const order: readonly Standing['is'][] = [
  'unknown',
  'gone',
  'superseded',
  'terminal',
  'deleting',
  'unseen',
  'uncertain',
  'contested',
  'wanted',
];

/** The most favourable thing that any entry says of the pod. */
export function standingOf(model: ModelView, pod: ActualPod): Standing {
  let best: Standing = { is: 'unknown', entry: undefined };
  const consider = (entry: DesiredPod): void => {
    const is = entryStanding(model, entry, pod);
    if (order.indexOf(is) > order.indexOf(best.is)) best = { is, entry };
  };
  for (const entry of model.desired.byUid(pod.uid)) consider(entry);
  for (const entry of model.desired.byName(pod.fullName)) if (entry.uid === undefined) consider(entry);
  return best;
}

function entryStanding(model: ModelView, entry: DesiredPod, pod: ActualPod): Standing['is'] {
  const view = model.desired.sources.get(entry.source)!;
  if (entry.uid === undefined && !everMatches(entry, pod)) return 'unknown';
  if (entry.uncertain || view.uncertain || model.t < entry.uncertainUntilMs) return 'uncertain';
  if (!view.ready) return 'unseen';
  if (entry.pods.length === 0) return 'gone';
  if (entry.uid === undefined && !entry.versions.some((version) => pod.versions.has(version))) {
    return 'superseded';
  }
  if (isContested(model.desired, entry)) return 'contested';
  if (entry.uid === undefined && (mayPredateMove(entry, pod) || isAmbiguous(entry, pod))) return 'contested';
  if (entry.uid === undefined && mayBeOfAnother(model, entry, pod)) return 'contested';
  if (entry.deleting) return 'deleting';
  if (entry.undeleted) return 'uncertain';
  return entry.terminal ? 'terminal' : 'wanted';
}

/** It may have been started from a file of another name, and so under another identity. */
export function mayPredateMove(entry: DesiredPod, pod: ActualPod): boolean {
  return pod.firstSeq < entry.movedSeq || (entry.movedSeq >= 0 && pod.readBeforeSeq >= entry.movedSeq);
}

/** Another source said the same, and does so no more: it may have been started from that, and so under that identity. */
function mayBeOfAnother(model: ModelView, entry: DesiredPod, pod: ActualPod): boolean {
  const sameName = model.desired.byName(entry.fullName);
  if (sameName.length < 2) return false;
  return sameName.some((other) => {
    if (other === entry || other.uid !== undefined || other.removedSeq < pod.firstSeq) return false;
    const cameLater = entry.changedSeq < pod.firstSeq && other.changedSeq > pod.firstSeq;
    return !cameLater && everMatches(other, pod);
  });
}

/** It may as well be an instance of another version than the one that is listed. */
function isAmbiguous(entry: DesiredPod, pod: ActualPod): boolean {
  for (const version of pod.versions) if (!entry.versions.includes(version)) return true;
  return false;
}

function everMatches(entry: DesiredPod, pod: ActualPod): boolean {
  for (const version of pod.versions) if (entry.everVersions.has(version)) return true;
  return false;
}

/** The agent must not start, or keep, a pod that stands like this. */
export function isUnwanted(standing: Standing): boolean {
  switch (standing.is) {
    case 'deleting':
    case 'terminal':
    case 'superseded':
    case 'gone':
    case 'unknown':
      return true;
    case 'wanted':
    case 'contested':
    case 'uncertain':
    case 'unseen':
      return false;
  }
}

/** The existing pods that may be instances of this entry. */
export function instancesOf(model: ModelView, entry: DesiredPod): readonly ActualPod[] {
  if (entry.uid === undefined) return model.actual.byName(entry.fullName);
  const pod = model.actual.pods.get(entry.uid);
  return pod === undefined ? [] : [pod];
}

/** Only pods that the present life of the agent has known as wanted: others may be orphans to it. */
export function wasKnown(model: ModelView, pod: ActualPod): boolean {
  return pod.incarnation === model.incarnation || pod.wantedBy === model.incarnation;
}

/** A list has lied so lately that the agent may still go by it. */
export function mayGoByLie({ t, lieAtMs, bounds }: ModelView): boolean {
  return t - lieAtMs <= lieLastsMs(bounds);
}

/** A list that lied may have left out what came to be at `sinceSeq`, and the agent may still go by it. */
export function mayBeHidden(model: ModelView, sinceSeq: number): boolean {
  return model.lieSeq >= sinceSeq && mayGoByLie(model);
}

/** An earlier life of the agent ran it, and a list that lied lately may have kept it from the present one. */
export function mayBeHiddenFromLife(model: ModelView, { startedSeq }: ActualContainer): boolean {
  return startedSeq <= model.agentStartedSeq && mayBeHidden(model, model.agentStartedSeq);
}

/** A list that lied while the pod was torn down may have made it look as if all of it had stopped. */
export function mayLookStopped({ lieAtMs, bounds }: ModelView, pod: ActualPod): boolean {
  return pod.runningCount === 0 && lieAtMs >= pod.teardownAtMs - lieLastsMs(bounds);
}

/** How long what a list says may be gone by, in milliseconds. */
function lieLastsMs({ Tpleg, Terr }: Bounds): number {
  return 3 * Tpleg + Terr;
}

/** Every version of a pod that this instance may be. */
export function podsOf(model: ModelView, pod: ActualPod): Pod[] {
  const { entry } = standingOf(model, pod);
  if (entry === undefined) return [];
  const versions = entry.uid === undefined ? pod.versions : entry.everVersions;
  return [...versions].map((version) => model.desired.podOfVersion(version));
}
