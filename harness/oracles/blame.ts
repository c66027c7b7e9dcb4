import type { ActualPod } from '../model/actual-pod.js';
import type { DesiredPod, SourceView } from '../model/desired-pod.js';
import type { ModelView } from '../model/model-view.js';
import { standingOf } from '../model/standing.js';
import type { RequirementId } from '../spec/requirements.js';

/** Which requirement a call breaks that nothing called for, and the event that seems to have set it off. */
export interface Blame {
  readonly requirement: RequirementId;
  readonly cause: string;
  readonly seq: number;
}

/** The last thing that the agent could have reacted to, when it touched a pod without a reason. */
export function blameOf(model: ModelView, pod: ActualPod): Blame {
  const { entry } = standingOf(model, pod);
  let best: Blame = { requirement: 'QUIET-01', cause: 'although nothing had happened', seq: -1 };
  const offer = (blame: Blame | undefined): void => {
    if (blame !== undefined && blame.seq > best.seq) best = blame;
  };
  offer(restartBlame(model, entry));
  offer(listErrorBlame(model));
  offer(exitBlame(model, pod));
  // A quiet phase follows a long rest: what was served before it is no cause any more.
  if (model.phase !== 'quiet') {
    offer(servedBlame(model, entry));
    for (const view of model.desired.sources.values()) offer(failureBlame(view, entry));
  }
  return best;
}

/** What asks for a start although some source is away, if one is: before it has delivered once, or later. */
export function outageRequirement({ desired }: ModelView): 'MUX-11' | 'API-04' | undefined {
  if (!desired.allReady()) return 'MUX-11';
  return desired.sources.get('api')?.failing === true ? 'API-04' : undefined;
}

function restartBlame(model: ModelView, entry: DesiredPod | undefined): Blame | undefined {
  if (model.incarnation < 2) return undefined;
  if (model.t - model.agentStartedAtMs > 3 * model.bounds.Tresync) return undefined;
  // The lists that a new life reads first belong to its start, unless they brought news about this pod.
  const seq =
    entry === undefined || entry.changedSeq < model.agentStartedSeq
      ? lastReadySeq(model)
      : model.agentStartedSeq;
  return { requirement: 'ADOPT-01', cause: 'after the agent was restarted', seq };
}

function lastReadySeq(model: ModelView): number {
  let seq = model.agentStartedSeq;
  for (const view of model.desired.sources.values()) seq = Math.max(seq, view.readySeq);
  return seq + 0.5;
}

function listErrorBlame(model: ModelView): Blame | undefined {
  if (model.t - model.listErrorAtMs > 3 * model.bounds.Tpleg + model.bounds.Terr) return undefined;
  return {
    requirement: 'ORPH-02',
    cause: 'after a listing of the runtime had failed',
    seq: model.listErrorSeq,
  };
}

function exitBlame(model: ModelView, pod: ActualPod): Blame | undefined {
  let seq = -1;
  for (const history of pod.history.values()) {
    if (history.exitCause !== 'agent') seq = Math.max(seq, history.exitedSeq);
  }
  const atMs = seq < 0 ? -Infinity : latestExitMs(pod);
  if (model.t - atMs > 3 * model.bounds.Tpleg + model.bounds.Terr) return undefined;
  return { requirement: 'LIFE-06', cause: 'after another of its containers had ended', seq };
}

function latestExitMs(pod: ActualPod): number {
  let atMs = -Infinity;
  for (const history of pod.history.values()) atMs = Math.max(atMs, history.exitedAtMs);
  return atMs;
}

function failureBlame(view: SourceView, entry: DesiredPod | undefined): Blame | undefined {
  if (!view.failing || entry === undefined) return undefined;
  const cause = `while the ${view.kind} source answered with ${view.failure}`;
  if (entry.source !== view.kind) return { requirement: 'MUX-01', cause, seq: view.failingSeq };
  switch (view.kind) {
    case 'http': {
      const isHalfValid = view.held?.valid === false && view.held.pods.length > 0;
      return { requirement: isHalfValid ? 'HTTP-05' : 'HTTP-02', cause, seq: view.failingSeq };
    }
    case 'api':
      return {
        requirement: /410|gone|expired/i.test(view.failure) ? 'API-03' : 'API-04',
        cause,
        seq: view.failingSeq,
      };
    case 'file':
      return { requirement: 'FILE-05', cause, seq: view.failingSeq };
    case 'feed':
      return { requirement: 'MUX-01', cause, seq: view.failingSeq };
  }
}

function servedBlame(model: ModelView, entry: DesiredPod | undefined): Blame | undefined {
  const change = model.lastServed;
  if (change === undefined || entry === undefined) return undefined;
  const { seq } = change.event;
  if (change.source !== entry.source) {
    return { requirement: 'MUX-01', cause: `after only the ${change.source} source had changed`, seq };
  }
  if ((change.event.bad?.length ?? 0) > 0) {
    return { requirement: 'FILE-05', cause: 'after another manifest had become unreadable', seq };
  }
  if (change.changed.includes(entry)) {
    return { requirement: 'MUX-04', cause: 'after an update that keeps its containers as they are', seq };
  }
  const isNews = change.added.length + change.changed.length + change.removed.length > 0;
  if (isNews) {
    const requirement = change.source === 'file' && change.removed.length > 0 ? 'FILE-02' : 'MUX-04';
    return { requirement, cause: `after only other pods of the ${change.source} source had changed`, seq };
  }
  const cause = `after the ${change.source} source had delivered the same again`;
  const view = model.desired.sources.get(change.source)!;
  switch (change.source) {
    case 'http':
      return { requirement: view.failingSeq >= 0 && isRecovery(view) ? 'HTTP-02' : 'MUX-05', cause, seq };
    case 'api':
      return { requirement: change.event.outcome === 'list' ? 'API-03' : 'API-02', cause, seq };
    case 'file':
    case 'feed':
      return { requirement: 'MUX-05', cause, seq };
  }
}

/** The last list came straight after failures. */
function isRecovery(view: SourceView): boolean {
  return view.served !== undefined && view.failingSeq < view.served.seq && view.failingSeq > view.readySeq;
}
