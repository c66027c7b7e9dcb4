import type { ActualPod } from '../model/actual-pod.js';
import type { DesiredPod } from '../model/desired-pod.js';
import type { ModelView } from '../model/model-view.js';
import { standingOf } from '../model/standing.js';
import type { Subject } from '../spec/verdict.js';

/** The subject of a finding about a pod that a source lists. */
export function entrySubject(entry: DesiredPod): Subject {
  return {
    role: `${entry.source} pod`,
    name: `${entry.fullName}${entry.uid === undefined ? '' : ` (${entry.uid})`}`,
  };
}

/** The subject of a finding about a pod that exists: by its source, as far as it is known. */
export function podSubject(model: ModelView, pod: ActualPod): Subject {
  const { entry } = standingOf(model, pod);
  const source = entry?.source ?? sourceByName(model, pod);
  return {
    role: source === undefined ? 'unknown pod' : `${source} pod`,
    name: `${pod.fullName} (${pod.uid})`,
  };
}

function sourceByName(model: ModelView, pod: ActualPod): string | undefined {
  return (model.desired.byUid(pod.uid)[0] ?? model.desired.byName(pod.fullName)[0])?.source;
}

/** `http and api`: the sources that have not delivered to the agent's present life. */
export function lateSources(model: ModelView): string {
  const late = [...model.desired.sources.values()].filter((view) => !view.ready);
  return late.map((view) => view.kind).join(' and ');
}

/** `12.345 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3).replace(/\.?0+$/, '')} s`;
}
