import type { ActualPod } from '../model/actual-pod.js';
import { restartPolicyOf, restartsAfter } from '../model/pod-meaning.js';
import { initializedSinceMs, isFinished } from '../model/pod-progress.js';
import { mayGoByLie, standingOf } from '../model/standing.js';
import type { Timings } from '../spec/timings.js';
import type { ContainerChanged, Stamp } from '../trace/events.js';
import { oracleBounds } from './bounds.js';
import type { Oracle, OracleContext } from './oracle.js';
import { podSubject, seconds } from './words.js';

/** Consecutive ends of the containers of one name. */
interface Streak {
  readonly pod: ActualPod;
  readonly life: number;
  incarnation: number;
  sandboxId: string;
  image: string;
  lastStartMs: number;
  lastStartSeq: number;
  /** When it ended last, of itself; undefined while it runs or when the agent ended it. */
  exitMs: number | undefined;
  exitSeq: number;
  /** The runtime has lost its record of the last end, through no fault of the agent's, which cannot count it then. */
  isRecordLost: boolean;
  /** Something of this name has run, which an agent may take for one that has ended of itself. */
  hasRun: boolean;
  /** Restarts that certainly count against it, and those that an agent may count. */
  restartsLeast: number;
  restartsMost: number;
}

/** Crash back-off: never too soon, never too late. */
export const backoff: Oracle = {
  name: 'backoff',
  requirements: ['BACK-01', 'BACK-02'],
  kinds: ['container', 'runtime.request', 'source.served'],
  methods: ['StartContainer'],
  begin(context) {
    const { model, run } = context;
    const bounds = oracleBounds(run, context.bounds);
    const streaks = new Map<string, Streak>();
    return {
      onEvent(event) {
        if (event.kind !== 'container') return;
        const pod = model.actual.pods.get(event.podUid)!;
        const key = `${event.podUid} ${event.name}`;
        let streak = streaks.get(key);
        if (streak === undefined || streak.life !== pod.life) {
          // An agent that goes by the UID may count on through a later life of the pod, or begin anew.
          streaks.set(key, (streak = newStreak(pod, event, streak)));
        }
        if (event.state === 'removed' && event.cause !== 'agent') streak.isRecordLost = true;
        if (event.state === 'running') noteStart(context, streak, event, bounds.clockToleranceMs);
        else if (event.state === 'exited') {
          noteExit(streak, event);
          if (streak.exitMs === undefined) return;
          // A container that ran for long has its earlier ends forgotten.
          const isForgotten =
            streak.restartsMost > 0 && event.t - streak.lastStartMs > run.timings.backoffResetMs;
          if (isForgotten) streak.restartsMost = 0;
          const delayMs = delayOf(run.timings, streak.restartsMost);
          const boundMs = isForgotten ? bounds.firstRestartMs : delayMs + bounds.backoffSlackMs(delayMs);
          if (delayMs > 0 || isForgotten) armUpper(context, streak, event, { delayMs, boundMs, isForgotten });
        }
      },
    };
  },
};

/** The delay before the next restart after so many restarts: 0, initial, 2×initial … up to the cap. */
export function delayOf(timings: Timings, restarts: number): number {
  if (restarts === 0) return 0;
  const { backoffInitialMs, backoffMaxMs } = timings;
  return Math.min(backoffMaxMs, backoffInitialMs * 2 ** Math.min(restarts - 1, 30));
}

function noteStart(
  { model, ledger, run }: OracleContext,
  streak: Streak,
  event: ContainerChanged & Stamp,
  toleranceMs: number,
): void {
  const { entry } = standingOf(model, streak.pod);
  // A definition that changed, and be it back again, starts from the first delay.
  const isChanged = entry !== undefined && entry.changedSeq > streak.lastStartSeq;
  const isSame =
    !isChanged &&
    streak.image === event.image &&
    streak.sandboxId === event.sandboxId &&
    streak.incarnation === model.incarnation;
  const isForgotten = event.t - streak.lastStartMs >= run.timings.backoffResetMs - toleranceMs;
  // An agent that was just lied to by a list may find no record of the last end, too.
  const isUncounted = streak.isRecordLost || mayGoByLie(model);
  if (!isSame || isForgotten || streak.exitMs === undefined || isUncounted) {
    streak.restartsLeast = 0;
    if (streak.image !== event.image) streak.restartsMost = 0;
  }
  if (streak.exitMs !== undefined && isSame && !isForgotten) {
    const delayMs = delayOf(run.timings, streak.restartsLeast);
    const gapMs = event.t - streak.exitMs;
    if (delayMs > 0) ledger.exercised('BACK-01');
    if (gapMs < delayMs - toleranceMs) {
      ledger.report({
        requirement: 'BACK-01',
        subject: podSubject(model, streak.pod),
        expected: `Container ${event.name} of pod ${streak.pod.fullName} restarts at least ${seconds(delayMs)} after it ended, this being restart ${streak.restartsLeast + 1} in a row.`,
        seen: `It was running again after ${seconds(gapMs)}.`,
        events: [streak.exitSeq],
      });
    }
  }
  if (streak.hasRun) streak.restartsMost += 1;
  if (streak.exitMs !== undefined && isSame && !isUncounted) streak.restartsLeast += 1;
  streak.isRecordLost = false;
  streak.hasRun = true;
  streak.incarnation = model.incarnation;
  streak.sandboxId = event.sandboxId;
  streak.image = event.image;
  streak.lastStartMs = event.t;
  streak.lastStartSeq = event.seq;
  streak.exitMs = undefined;
}

function noteExit(streak: Streak, event: ContainerChanged & Stamp): void {
  streak.exitMs = event.cause === 'agent' ? undefined : event.t - (event.lateMs ?? 0);
  streak.exitSeq = event.seq;
}

function armUpper(
  { model, ledger, deadlines }: OracleContext,
  streak: Streak,
  event: ContainerChanged & Stamp,
  { delayMs, boundMs, isForgotten }: { delayMs: number; boundMs: number; isForgotten: boolean },
): void {
  const { pod } = streak;
  const requirement = isForgotten ? 'BACK-02' : event.cause === 'workload' ? 'BACK-01' : 'LIFE-09';
  if (isForgotten) ledger.exercised('BACK-02');
  const { is, entry } = standingOf(model, pod);
  if (is !== 'wanted' || entry === undefined) return;
  if (!restartsAfter(restartPolicyOf(entry.pod, event.name), event.exitCode ?? 137)) return;
  const { changedSeq } = entry;
  deadlines.arm({
    boundMs,
    open: () =>
      entry.changedSeq === changedSeq &&
      streak.exitSeq === event.seq &&
      streak.exitMs !== undefined &&
      streak.life === pod.life &&
      pod.pendingCalls === 0 &&
      pod.readyCount === 1 &&
      standingOf(model, pod).is === 'wanted' &&
      !isFinished(pod, entry.pod),
    // An attempt that failed is made again as any other; and init containers come first.
    sinceMs: () =>
      Math.max(
        pod.failedAtMs >= event.t ? pod.failedAtMs + model.bounds.Terr : 0,
        initializedSinceMs(pod, entry.pod, event.name),
      ),
    missed: () =>
      ledger.report({
        requirement,
        subject: podSubject(model, pod),
        expected: `Container ${event.name} of pod ${pod.fullName} restarts within ${seconds(boundMs)} of its end, ${seconds(delayMs)} of which are back-off.`,
        seen: `Not running again ${seconds(model.t - event.t)} later.`,
        events: [event.seq, pod.lastCallSeq],
      }),
  });
}

function newStreak(pod: ActualPod, event: ContainerChanged & Stamp, before: Streak | undefined): Streak {
  return {
    pod,
    life: pod.life,
    incarnation: 0,
    sandboxId: event.sandboxId,
    image: event.image,
    lastStartMs: event.t,
    lastStartSeq: event.seq,
    exitMs: undefined,
    exitSeq: -1,
    restartsLeast: 0,
    isRecordLost: false,
    hasRun: before?.hasRun ?? false,
    restartsMost: before?.restartsMost ?? 0,
  };
}
