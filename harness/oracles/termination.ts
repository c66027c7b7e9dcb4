import type { ActualContainer, ActualPod } from '../model/actual-pod.js';
import type { Call, ModelView } from '../model/model-view.js';
import { graceSecondsOf, specGraceSecondsOf } from '../model/pod-meaning.js';
import { reactedByMs } from '../model/pod-versions.js';
import { isUnwanted, podsOf, standingOf, wasKnown } from '../model/standing.js';
import { tearsDown } from '../model/stop-reason.js';
import { isPreStop } from '../spec/workload.js';
import type { TraceEvent } from '../trace/events.js';
import { oracleBounds } from './bounds.js';
import type { Deadlines } from './deadlines.js';
import { judgeEndReport } from './end-reports.js';
import type { Oracle, OracleContext } from './oracle.js';
import { judgeStopOrder } from './stop-order.js';
import { podSubject, seconds } from './words.js';

/** The least timeout that a StopContainer may carry. */
const stopTimeoutMinS = 2;

/** How pods come to their end. */
export const termination: Oracle = {
  name: 'termination',
  requirements: ['TERM-01', 'TERM-02', 'TERM-03', 'TERM-05', 'TERM-06'],
  kinds: ['runtime.request', 'runtime.reply', 'api.request', 'container', 'phase'],
  methods: ['StopContainer', 'StopPodSandbox', 'RemoveContainer', 'ExecSync'],
  begin(context) {
    const { model, ledger } = context;
    const bounds = oracleBounds(context.run, context.bounds);
    const { deadlines } = context;
    const writesStatus = context.run.features.includes('status');
    return {
      onEvent(event) {
        const { call } = model;
        if (event.kind === 'api.request') return writesStatus ? judgeEndReport(context, event) : undefined;
        if (call?.pod === undefined) return;
        const { pod } = call;
        if (event.kind === 'runtime.request') {
          if (event.method === 'ExecSync') armPreStop(context, call, pod);
          if (event.method === 'StopContainer') judgeGrace(context, call, pod);
          judgeStopOrder(context, call, pod);
          // From here on every start of this pod is judged.
          if (pod.teardownSeq >= 0) ledger.exercised('TERM-03');
          if (event.method === 'RemoveContainer' && call.hitsLive) {
            ledger.report({
              requirement: 'GC-02',
              subject: { ...podSubject(model, pod), role: 'container' },
              expected: `Container ${call.container!.name} of pod ${pod.fullName} is running, so it is stopped before it is removed.`,
              seen: 'RemoveContainer on it.',
              events: [call.container!.startedSeq],
            });
          }
        } else if (event.kind === 'runtime.reply') {
          armRetry(context, bounds.retryMs, deadlines, call, pod, event);
        }
      },
    };
  },
};

function judgeGrace({ model, ledger, run }: OracleContext, call: Call, pod: ActualPod): void {
  if (!call.hitsLive || call.reason === 'none' || call.reason === 'tooEarly') return;
  const timeoutS = (call.request.request as { timeout?: number }).timeout ?? 0;
  const { is, entry } = standingOf(model, pod);
  ledger.exercised('TERM-01');
  const container = call.container!;
  const report = (expected: string): void =>
    ledger.report({
      requirement: 'TERM-01',
      subject: podSubject(model, pod),
      expected,
      seen: `StopContainer on ${container.name} with a timeout of ${timeoutS} s.`,
      events: [container.startedSeq, entry?.removedSeq ?? -1, entry?.changedSeq ?? -1, pod.teardownSeq],
    });
  if (timeoutS < stopTimeoutMinS) {
    report(`A container is given at least ${stopTimeoutMinS} s to stop.`);
    return;
  }
  const candidates = podsOf(model, pod);
  if (candidates.length === 0) return;
  const anyS = Math.max(...candidates.map(graceSecondsOf), ...candidates.map(specGraceSecondsOf));
  // Once a termination has begun, what is asked later may shorten it only.
  const isEnding =
    (is === 'gone' || is === 'deleting') &&
    entry?.uid !== undefined &&
    wasKnown(model, pod) &&
    !mayBeReplacement(model, container, is === 'gone' ? entry.removedAtMs : entry.changedAtMs);
  const endS = isEnding ? Math.max(entry.endGraceS ?? anyS, entry.earlierGraceS) : anyS;
  const mostS = Math.max(stopTimeoutMinS, endS);
  // The hook and the stop share one grace period; a stop that is repeated may have another.
  const { hookBeganMs, stopRequestedMs } = container;
  const isFirst = hookBeganMs >= 0 && stopRequestedMs === model.t && model.calmSinceMs() <= hookBeganMs;
  const hookS = isFirst ? Math.max(0, Math.floor((model.t - hookBeganMs - run.slackMs) / 1000)) : 0;
  if (hookS > 0 && timeoutS > Math.max(stopTimeoutMinS, mostS - hookS)) {
    report(`Of the grace period of ${mostS} s of pod ${pod.fullName} its hook has used ${hookS} s.`);
    return;
  }
  if (timeoutS > mostS) {
    report(`Pod ${pod.fullName} has a grace period of ${mostS} s, so no stop is given more.`);
    return;
  }
  if (
    entry === undefined ||
    !wasKnown(model, pod) ||
    is === 'unknown' ||
    call.reason === undefined ||
    !tearsDown(call.reason)
  )
    return;
  // Whoever took longer to get here has that much less left, and a repeated stop may be shorter.
  const unwantedMs = is === 'gone' ? entry.removedAtMs : entry.changedAtMs;
  const since = pod.stopBeganMs < 0 ? unwantedMs : Math.min(unwantedMs, pod.stopBeganMs);
  const leastS = Math.min(...candidates.map(graceSecondsOf), ...candidates.map(specGraceSecondsOf));
  const leftS = leastS - Math.ceil((model.t - since) / 1000) - 1;
  if (timeoutS < leftS) {
    report(`Pod ${pod.fullName} has a grace period of ${leastS} s, of which at least ${leftS} s are left.`);
  }
}

/** The definition changed before the pod was to end, and the agent may not have noticed the end yet. */
function mayBeReplacement(model: ModelView, { isLicensed }: ActualContainer, endedAtMs: number): boolean {
  return isLicensed && model.t <= reactedByMs(model, endedAtMs);
}

/** A preStop hook uses up grace: when that is over, the container is stopped even if the hook still runs. */
function armPreStop({ model, ledger, deadlines, run }: OracleContext, call: Call, pod: ActualPod): void {
  const { cmd } = call.request.request as { cmd?: readonly string[] };
  const { entry } = standingOf(model, pod);
  const container = call.container;
  if (!isPreStop(cmd) || entry === undefined || container === undefined) return;
  ledger.exercised('TERM-01');
  const graceS = Math.max(
    stopTimeoutMinS,
    ...podsOf(model, pod).map(graceSecondsOf),
    specGraceSecondsOf(entry.pod),
  );
  deadlines.arm({
    boundMs: graceS * 1_000 + 2_000 + run.slackMs,
    // A replacement may be called off; a termination may not.
    open: () =>
      container.state === 'running' &&
      container.stopRequestedMs < 0 &&
      !call.abandoned &&
      isUnwanted(standingOf(model, pod)),
    missed: () =>
      ledger.report({
        requirement: 'TERM-01',
        subject: podSubject(model, pod),
        expected: `The preStop hook of ${container.name} in pod ${pod.fullName} is part of its grace period of ${graceS} s.`,
        seen: `${seconds(model.t - call.request.t)} after the hook began no StopContainer had been sent.`,
        events: [call.request.seq, container.startedSeq],
      }),
  });
}

function armRetry(
  { model, ledger }: OracleContext,
  boundMs: number,
  deadlines: Deadlines,
  call: Call,
  pod: ActualPod,
  event: TraceEvent,
): void {
  if (event.kind !== 'runtime.reply' || event.code === 'OK' || event.code === 'NOT_FOUND') return;
  if (call.request.method !== 'StopContainer' && call.request.method !== 'StopPodSandbox') return;
  if (call.reason === undefined || !tearsDown(call.reason)) return;
  const { life } = pod;
  ledger.exercised('TERM-05');
  deadlines.arm({
    boundMs,
    open: () =>
      pod.life === life &&
      pod.lastCallSeq < event.seq &&
      pod.pendingCalls === 0 &&
      pod.runningCount + pod.readyCount > 0 &&
      model.desired.allReady() &&
      ['gone', 'superseded', 'deleting', 'terminal'].includes(standingOf(model, pod).is),
    missed: () =>
      ledger.report({
        requirement: 'TERM-05',
        subject: podSubject(model, pod),
        expected: `A failed ${call.request.method} of pod ${pod.fullName} is tried again until it succeeds.`,
        seen: `No further attempt in ${seconds(model.t - event.t)}.`,
        events: [call.request.seq, event.seq],
      }),
  });
}
