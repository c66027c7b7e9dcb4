import type { ActualPod } from '../model/actual-pod.js';
import { readySandboxOf, runningContainerOf } from '../model/actual-pod.js';
import type { Call, ModelView } from '../model/model-view.js';
import { fullNameOf } from '../model/pod-meaning.js';
import { reactedByMs } from '../model/pod-versions.js';
import { isUnwanted, mayGoByLie, mayLookStopped, standingOf } from '../model/standing.js';
import type { Standing } from '../model/standing.js';
import type { RequirementId } from '../spec/requirements.js';
import { hiddenManifestOf } from './hidden-manifest.js';
import { blameOf } from './blame.js';
import { oracleBounds } from './bounds.js';
import type { OracleBounds } from './bounds.js';
import type { Oracle, OracleContext } from './oracle.js';
import { lateSources, podSubject, seconds } from './words.js';

/** Calls that nothing calls for: sound pods stopped, pods started that nobody wants, or that already run. */
export const unwarranted: Oracle = {
  name: 'unwarranted',
  requirements: [
    'MUX-01',
    'MUX-04',
    'MUX-05',
    'MUX-11',
    'FILE-05',
    'FILE-08',
    'HTTP-02',
    'HTTP-05',
    'TERM-03',
  ],
  kinds: ['runtime.request'],
  methods: [
    'RunPodSandbox',
    'CreateContainer',
    'StartContainer',
    'StopContainer',
    'StopPodSandbox',
    'RemoveContainer',
    'RemovePodSandbox',
  ],
  begin(context) {
    const bounds = oracleBounds(context.run, context.bounds);
    return {
      onEvent() {
        const { call } = context.model;
        if (call?.pod === undefined) return;
        switch (call.request.method) {
          case 'RunPodSandbox':
          case 'CreateContainer':
          case 'StartContainer':
            if (!judgeStart(context, bounds, call, call.pod)) judgeSurplus(context, call, call.pod);
            return;
          default:
            judgeStop(context, call, call.pod);
        }
      },
    };
  },
};

function judgeStop({ model, ledger }: OracleContext, call: Call, pod: ActualPod): void {
  if (!call.hitsLive || (call.reason !== 'none' && call.reason !== 'tooEarly')) return;
  const subject = podSubject(model, pod);
  const { method } = call.request;
  const what = call.container === undefined ? 'its sandbox' : `its container ${call.container.name}`;
  if (call.reason === 'tooEarly') {
    ledger.report({
      requirement: 'MUX-11',
      subject,
      expected: `Nothing of pod ${pod.fullName} is stopped before every source has delivered once.`,
      seen: `${method} on ${what}, while ${lateSources(model)} had not delivered yet.`,
      events: [model.agentStartedSeq, pod.firstSeq],
    });
    return;
  }
  const blame = blameOf(model, pod);
  ledger.report({
    requirement: blame.requirement,
    subject,
    expected: `Pod ${pod.fullName} is wanted and sound, so it is left running.`,
    seen: `${method} on ${what} ${blame.cause}.`,
    events: [
      pod.firstSeq,
      standingOf(model, pod).entry?.changedSeq ?? -1,
      Math.floor(blame.seq),
      call.container?.startedSeq ?? -1,
    ],
  });
}

/** True when the start was reported. */
function judgeStart(context: OracleContext, bounds: OracleBounds, call: Call, pod: ActualPod): boolean {
  const { model, ledger } = context;
  const { method } = call.request;
  if (pod.teardownSeq >= 0 && !mayLookStopped(model, pod)) {
    ledger.report({
      requirement: 'TERM-03',
      subject: podSubject(model, pod),
      expected: `Once pod ${pod.fullName} is being torn down, nothing of it starts until it has stopped.`,
      seen: `${method} ${seconds(model.t - pod.teardownAtMs)} after the first stop, before the last had ended.`,
      events: [pod.firstSeq, pod.teardownSeq],
    });
    return true;
  }
  const standing = standingOf(model, pod);
  if (!isUnwanted(standing)) {
    return standing.is === 'uncertain' && judgeResurrection(context, call, pod, standing);
  }
  const since = unwantedSince(standing);
  const isFresh = method === 'RunPodSandbox' && pod.readyCount === 0;
  if (since !== undefined) {
    // A setup that was under way when the pod was removed may run to its end, a new one must not begin.
    const allowedMs = isFresh && pod.firstSeq === call.request.seq ? bounds.firstCallMs : bounds.setupEndMs;
    const calmSince = Math.min(model.t, Math.max(since.atMs, model.calmSinceMs()));
    // Within its reaction time the agent may still work on an addition that came before the last removal.
    const isNoticed = model.t > reactedByMs(model, since.atMs);
    if (model.t - calmSince <= allowedMs && !(isNoticed && isResurrection(standing, pod, since.seq)))
      return false;
  }
  const { requirement, why } = startBlame(model, pod, standing);
  ledger.report({
    requirement,
    subject: podSubject(model, pod),
    expected: `Pod ${pod.fullName} does not start: ${why}.`,
    seen:
      since === undefined
        ? `${method} for it.`
        : `${method} for it, ${seconds(model.t - since.atMs)} after the agent was shown that.`,
    events: [pod.firstSeq, since?.seq ?? -1],
  });
  return true;
}

function unwantedSince(standing: Standing): { atMs: number; seq: number } | undefined {
  const { entry } = standing;
  if (entry === undefined) return undefined;
  return standing.is === 'gone'
    ? { atMs: entry.removedAtMs, seq: entry.removedSeq }
    : { atMs: entry.changedAtMs, seq: entry.changedSeq };
}

/** It had come to its end after it was removed, and now a new sandbox is made for it. */
function isResurrection(standing: Standing, pod: ActualPod, sinceSeq: number): boolean {
  return standing.is === 'gone' &&
    pod.life > 1 &&
    pod.pendingCalls <= 1 &&
    pod.stoppedAtMs > 0 &&
    sinceSeq >= 0
    ? pod.stoppedAtMs > standing.entry!.removedAtMs
    : false;
}

/** A manifest turned into garbage may keep its pod running, but cannot bring a stopped one back. */
function judgeResurrection(
  { model, ledger }: OracleContext,
  call: Call,
  pod: ActualPod,
  { entry }: Standing,
): boolean {
  if (call.request.method !== 'RunPodSandbox' || entry?.source !== 'file' || !entry.uncertain) return false;
  if (pod.life < 2 || pod.readyCount > 0) return false;
  // The last valid manifest may be what it starts from.
  if (model.t <= reactedByMs(model, entry.changedAtMs)) return false;
  // Another file may say it, too.
  const read = model.desired.sources.get('file')?.served?.pods ?? [];
  if (read.some((other) => fullNameOf(other, 'file', model.run.nodeName) === pod.fullName)) return false;
  ledger.report({
    requirement: 'FILE-08',
    subject: podSubject(model, pod),
    expected: `Pod ${pod.fullName} was stopped and has no valid manifest now, so it stays away.`,
    seen: 'RunPodSandbox for it.',
    events: [pod.firstSeq, entry.changedSeq, entry.removedSeq],
  });
  return true;
}

function startBlame(
  model: ModelView,
  pod: ActualPod,
  { is, entry }: Standing,
): { requirement: RequirementId; why: string } {
  const hidden = hiddenManifestOf(model, pod.fullName);
  if (hidden !== undefined) return { requirement: 'FILE-01', why: `${hidden} is not a manifest` };
  switch (is) {
    case 'deleting':
      return { requirement: 'MUX-04', why: 'it has a deletion timestamp' };
    case 'terminal':
      return { requirement: 'ADOPT-04', why: 'its phase is terminal' };
    case 'superseded':
      return { requirement: 'WORK-03', why: 'a later version of it has taken its place' };
    case 'gone':
      return entry!.source === 'file'
        ? { requirement: 'FILE-08', why: 'no manifest for it is left' }
        : { requirement: 'MUX-03', why: `the ${entry!.source} source does not list it any more` };
    default:
      return strangerBlame(model);
  }
}

/** A pod that no list ever had: perhaps it is in something that the agent should not have read as a list. */
function strangerBlame(model: ModelView): { requirement: RequirementId; why: string } {
  if (model.desired.sources.get('http')?.held?.valid === false) {
    return { requirement: 'HTTP-05', why: 'no document that is valid as a whole lists it' };
  }
  const partial = model.desired.sources.get('file')?.served?.bad;
  if (partial !== undefined && partial.length > 0) {
    return { requirement: 'FILE-05', why: 'no valid manifest says it' };
  }
  return { requirement: 'MUX-01', why: 'no source has ever listed it' };
}

/** A second sandbox or container where one is alive already. */
function judgeSurplus({ model, ledger }: OracleContext, call: Call, pod: ActualPod): void {
  const { method } = call.request;
  if (method === 'StartContainer') return;
  if (mayGoByLie(model)) return;
  const name = call.request.container;
  const running =
    method === 'CreateContainer' && name !== undefined ? runningContainerOf(pod, name) : undefined;
  if (method === 'CreateContainer' ? running === undefined : pod.readyCount === 0) return;
  // That there were two is WORK-01's to tell, and what comes of it no other fault.
  if (running?.isTwin === true) return;
  // What an earlier life asked for and a busy runtime did only now could not be found by a listing yet.
  const isLate = running === undefined ? readySandboxOf(pod)?.isLate === true : running.isLate;
  const madeAtMs = running === undefined ? (readySandboxOf(pod)?.createdAtMs ?? 0) : running.startedAtMs;
  if (isLate && model.t - madeAtMs <= model.bounds.Tpleg + 1_000) return;
  const blame = surplusBlame(model, pod, running?.startConfirmed);
  ledger.report({
    requirement: blame.requirement,
    subject: { ...podSubject(model, pod), role: running === undefined ? 'sandbox' : 'container' },
    expected:
      running === undefined
        ? `Pod ${pod.fullName} has a ready sandbox, so no other is made.`
        : `Container ${running.name} of pod ${pod.fullName} is running, so no other is made.`,
    seen: `${method} ${blame.cause}.`,
    events: [pod.firstSeq, running?.startedSeq ?? -1, Math.floor(blame.seq)],
  });
}

function surplusBlame(
  model: ModelView,
  pod: ActualPod,
  confirmed: boolean | undefined,
): { requirement: RequirementId; cause: string; seq: number } {
  const isAmbiguous = confirmed === false || (confirmed === undefined && pod.ambiguousSeq >= 0);
  const blame = blameOf(model, pod);
  if (blame.requirement === 'ORPH-02') return { ...blame, requirement: 'RT-05' };
  if (blame.requirement === 'ADOPT-01') return blame;
  if (isAmbiguous) {
    return {
      requirement: 'RT-01',
      cause: 'after the call that made it had failed without saying that it took effect',
      seq: pod.ambiguousSeq,
    };
  }
  return confirmed === undefined
    ? { ...blame, requirement: 'LIFE-02' }
    : { ...blame, requirement: 'LIFE-06' };
}
