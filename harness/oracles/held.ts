import { fullNameOf, isMirror } from '../model/pod-meaning.js';
import type { DesiredPod, SourceView } from '../model/desired-pod.js';
import type { Pod, SourceKind } from '../spec/pod.js';
import type { RequirementId } from '../spec/requirements.js';
import { oracleBounds } from './bounds.js';
import type { OracleContext } from './oracle.js';
import { seconds } from './words.js';

/** What each way of not having noticed the state of a source is called. */
export interface HeldBlame {
  readonly missing: RequirementId;
  readonly surplus: RequirementId;
  readonly other: RequirementId;
}

/**
 * At rest an agent has been shown, that is has asked for, what the source holds. Sim only for files.
 *
 * @param isSettled nothing has changed for longer than any of the agent's periods, or it never came to that
 * @param begunAnewMs when the agent came back to the source only to be told to begin anew: it may wait again from then on
 */
export function judgeHeld(
  context: OracleContext,
  kind: SourceKind,
  isSettled: boolean,
  blame: HeldBlame,
  begunAnewMs = 0,
): void {
  const { model, ledger, run } = context;
  const view = model.desired.sources.get(kind);
  if (view?.held === undefined || view.held.valid === false || !model.agentUp) return;
  if (kind === 'file' && run.world === 'live') return;
  const sinceMs = Math.max(view.held.t, model.agentStartedAtMs, context.restedFromMs(), begunAnewMs);
  const bounds = oracleBounds(run, context.bounds);
  const boundMs = isSettled ? bounds.restLatencyMs(kind) : bounds.sourceLatencyMs(kind);
  if (model.t - sinceMs <= boundMs) return;
  const report = (requirement: RequirementId, name: string, expected: string, seen: string): void =>
    ledger.report({
      requirement,
      subject: { role: `source ${kind}`, name },
      expected,
      seen: `${seen}, ${seconds(model.t - view.held!.t)} after the change.`,
      events: [view.held!.seq, view.served?.seq ?? -1, model.agentStartedSeq],
    });
  if (!view.ready) {
    report(
      blame.missing,
      kind,
      `The agent reads its ${kind} source.`,
      'It has not been shown a list in this life',
    );
    return;
  }
  const held = heldPods(view, view.held.pods, run.nodeName);
  for (const [key, pods] of held) {
    const entry = [...view.listed].find((candidate) => keyOfEntry(candidate) === key);
    if (entry === undefined) {
      report(
        blame.missing,
        key,
        `The agent notices pod ${key}, which the ${kind} source holds.`,
        'It has not been shown it',
      );
    } else if (!pods.some((pod) => entry.versions.includes(model.desired.versionOf(pod)))) {
      report(
        blame.other,
        key,
        `The agent notices the latest version of pod ${key}.`,
        'It was last shown another',
      );
    }
  }
  for (const entry of view.listed) {
    if (held.has(keyOfEntry(entry)) || entry.uncertain) continue;
    const key = keyOfEntry(entry);
    report(
      blame.surplus,
      key,
      `The agent notices that the ${kind} source no longer holds pod ${key}.`,
      'It was last shown it',
    );
  }
}

function heldPods(view: SourceView, pods: readonly Pod[], nodeName: string): Map<string, Pod[]> {
  const held = new Map<string, Pod[]>();
  for (const pod of pods) {
    if (isMirror(pod) || (pod.spec.nodeName !== undefined && pod.spec.nodeName !== nodeName)) continue;
    const key = pod.metadata.uid ?? fullNameOf(pod, view.kind, nodeName);
    held.set(key, [...(held.get(key) ?? []), pod]);
  }
  return held;
}

function keyOfEntry(entry: DesiredPod): string {
  return entry.uid ?? entry.fullName;
}
