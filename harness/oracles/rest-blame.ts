import type { ActualPod } from '../model/actual-pod.js';
import type { DesiredPod } from '../model/desired-pod.js';
import type { ModelView } from '../model/model-view.js';
import { hiddenManifestOf } from './hidden-manifest.js';
import { instancesOf } from '../model/standing.js';
import type { Standing } from '../model/standing.js';
import type { RequirementId } from '../spec/requirements.js';
import type { Shortfall } from './shortfall.js';

/** Which requirement says that this pod should have come to run by now: the most specific one. */
export function blameShortfall(model: ModelView, entry: DesiredPod, shortfall: Shortfall): RequirementId {
  const { pod, history } = shortfall;
  if (pod !== undefined && pod.lastCallFailed) return 'WORK-06';
  if (shortfall.kind === 'inits') return 'LIFE-02';
  if (history !== undefined && history.exitedSeq > entry.changedSeq && history.exitCause !== 'agent') {
    if (history.exitedSeq < model.agentStartedSeq) return 'ADOPT-02';
    if (pod !== undefined && pod.lostEventSeq > history.exitedSeq) return 'RT-06';
    if (history.exitCause !== 'workload') return 'LIFE-09';
    return history.exits > 1 || pod?.earlierStarts.has(history.name) === true ? 'BACK-01' : 'LIFE-06';
  }
  if (shortfall.kind === 'sandbox' && pod !== undefined) {
    const last = [...pod.sandboxes.values()].at(-1);
    if (last === undefined ? pod.teardownSeq < 0 && pod.life === 1 : last.cause !== 'agent') return 'LIFE-09';
  }
  if (shortfall.kind === 'content') {
    if (entry.edits > 1) return 'WORK-03';
    // Never edited, it was made wrongly in the first place.
    return entry.edits === 0 ? 'MUX-02' : 'LIFE-08';
  }
  return blameAbsence(model, entry);
}

function blameAbsence(model: ModelView, entry: DesiredPod): RequirementId {
  const view = model.desired.sources.get(entry.source)!;
  if (!model.desired.allReady()) return 'MUX-11';
  const wasOther = instancesOf(model, entry).length > 0;
  if (entry.returns > 0) {
    return entry.source === 'http' && entry.removedBy === 'emptyList' && !wasTorn(model, entry)
      ? 'HTTP-04'
      : 'WORK-04';
  }
  if (entry.edits > 1) return 'WORK-03';
  if (model.incarnation > 1 && entry.changedSeq === view.readySeq) return 'ADOPT-02';
  if (entry.edits === 1 && wasOther) return entry.uid === undefined ? 'MUX-10' : 'MUX-04';
  return 'MUX-02';
}

/** Its instances have come to an end; only the restart is missing. */
function wasTorn(model: ModelView, entry: DesiredPod): boolean {
  return instancesOf(model, entry).some((pod) => pod.life > 1 && pod.stoppedAtMs > entry.changedAtMs);
}

/** Which requirement says that this pod should have been stopped by now. */
export function blameLeftover(model: ModelView, pod: ActualPod, { is, entry }: Standing): RequirementId {
  if (pod.lastCallFailed) return 'TERM-05';
  if (hiddenManifestOf(model, pod.fullName) !== undefined) return 'FILE-01';
  switch (is) {
    case 'deleting':
      return pod.firstSeq < model.agentStartedSeq && model.incarnation > 1 ? 'ADOPT-03' : 'MUX-04';
    case 'terminal':
      return 'ADOPT-04';
    case 'superseded':
      return blameSuperseded(model, pod, entry!);
    case 'gone':
      return blameGone(model, pod, entry!);
    default:
      return 'ORPH-01';
  }
}

function blameSuperseded(model: ModelView, pod: ActualPod, entry: DesiredPod): RequirementId {
  if (entry.edits > 1) return 'WORK-03';
  if (pod.incarnation < model.incarnation && entry.changedSeq <= lastReadySeq(model)) return 'ORPH-01';
  // The agent gave both versions one identity, or saw no reason to give the new one another.
  const hasSuccessor = model.actual.byName(pod.fullName).some((other) => other.firstSeq > entry.changedSeq);
  return hasSuccessor ? 'MUX-03' : 'MUX-10';
}

function blameGone(model: ModelView, pod: ActualPod, entry: DesiredPod): RequirementId {
  if (pod.incarnation < model.incarnation) {
    if (
      pod.lastCallSeq >= 0 &&
      pod.lastCallSeq < model.agentStartedSeq &&
      pod.lastCallMethod.startsWith('Stop')
    ) {
      return 'ADOPT-03';
    }
    const view = model.desired.sources.get(entry.source)!;
    if (entry.removedSeq < model.agentStartedSeq || entry.removedSeq === view.readySeq) return 'ORPH-01';
  }
  if (!entry.removedWhenReady) return 'MUX-11';
  if (entry.source === 'http' && entry.removedBy === 'emptyList') return 'HTTP-03';
  if (entry.source === 'api' && entry.removedBy !== 'event') return 'API-03';
  return 'MUX-03';
}

function lastReadySeq(model: ModelView): number {
  let seq = -1;
  for (const view of model.desired.sources.values()) seq = Math.max(seq, view.readySeq);
  return seq;
}
