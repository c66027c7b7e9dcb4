import { garbageBoundMs, type Bounds, type Timings } from '../spec/timings.js';
import type { SourceKind } from '../spec/pod.js';
import type { RunStarted } from '../trace/events.js';

/**
 * Every upper time bound that an oracle uses, in milliseconds, from the catalogue's symbols. All of them allow
 * for the harness's slack and for what the runtime's own calls take when nothing holds them up.
 */
export interface OracleBounds {
  /** From what a source holds to what the agent has been shown. */
  sourceLatencyMs(source: SourceKind): number;
  /** The same where nothing disturbs it: whoever looks once a period has looked. */
  restLatencyMs(source: SourceKind): number;
  /** From a list served to the first call about a pod that it adds or removes. */
  readonly firstCallMs: number;
  /** Until a setup that was under way when its pod was removed has come to its end. */
  readonly setupEndMs: number;
  /** From the moment that nothing is in the way until a failed sync is tried again. */
  readonly retryMs: number;
  /** From the end of a predecessor to the start of the next static pod of the same name. */
  readonly successorMs: number;
  /** From the end of a terminated pod to its restart under the same UID. */
  readonly sameUidMs: number;
  /** From an exit to the first restart. */
  readonly firstRestartMs: number;
  /** On top of a crash back-off delay. */
  backoffSlackMs(delayMs: number): number;
  /** From readiness of all sources to the stop of what nobody wants. */
  readonly orphanMs: number;
  /** From the end of a removed pod to the removal of what is left of it. */
  readonly garbageMs: number;
  /** The same, where the world has been at rest since: whoever has not removed it by then never will. */
  readonly garbagePeriodsMs: number;
  /** After a restart of the agent, how long its calls are put down to the restart. */
  readonly restartWindowMs: number;
  /** From the last stop of a deleted pod to the deletion of its object. */
  readonly reportMs: number;
  /** How exactly an agent can measure time. */
  readonly clockToleranceMs: number;
}

/** What starting a pod takes in the runtime itself: sandbox, image, create, start for a few containers. */
const startExecutionMs = 2_000;

/** The bounds of one run. */
export function oracleBounds(run: RunStarted, bounds: Bounds): OracleBounds {
  const slack = run.slackMs;
  const observe = bounds.Tpleg + 1_000 + slack;
  return {
    sourceLatencyMs: (source) => sourceLatencyMs(source, run.timings) + slack,
    restLatencyMs: (source) => restLatencyMs(source, run.timings) + slack,
    firstCallMs: Math.max(observe + bounds.Thk, bounds.Terr) + startExecutionMs,
    setupEndMs: 5_000 + bounds.Tpleg + startExecutionMs + slack,
    retryMs: 2 * bounds.Terr + startExecutionMs + slack,
    successorMs: bounds.Tstatic + observe + bounds.Thk + startExecutionMs,
    sameUidMs: bounds.Thk + observe + bounds.Tresync + startExecutionMs,
    firstRestartMs: observe + bounds.Tresync + startExecutionMs,
    backoffSlackMs: (delayMs) =>
      1.5 * Math.min(delayMs, returnMs(run.timings)) + 2_000 + bounds.Tpleg + startExecutionMs + slack,
    orphanMs: bounds.Thk + observe + startExecutionMs,
    garbageMs: garbageBoundMs(bounds) + slack,
    garbagePeriodsMs: 2 * bounds.Tgc + slack,
    restartWindowMs: 2 * bounds.Tresync,
    reportMs: 2 * bounds.Tpleg + bounds.Tstat + bounds.Terr + 2_000 + slack,
    clockToleranceMs: run.world === 'sim' ? 2 : 20,
  };
}

/**
 * How long an agent may stay away from a pod in back-off. The catalogue has it by the re-sync; where that comes more often
 * than retries do, as kubelets before v1.35 can be set up, a sync that back-off held up counts as one that failed.
 */
function returnMs({ syncFrequencyMs, errorRetryMs }: Timings): number {
  return Math.max(syncFrequencyMs, errorRetryMs);
}

function sourceLatencyMs(source: SourceKind, timings: Timings): number {
  switch (source) {
    case 'file':
      return timings.fileCheckMs + 2_000;
    case 'http':
      return timings.httpCheckMs + 12_000;
    case 'api':
    case 'feed':
      // A broken watch or stream is opened again after a back-off of up to 30 s, stretched by up to two.
      return 62_000;
  }
}

function restLatencyMs(source: SourceKind, timings: Timings): number {
  switch (source) {
    case 'file':
      return 2 * timings.fileCheckMs;
    case 'http':
      return 2 * timings.httpCheckMs;
    case 'api':
    case 'feed':
      return sourceLatencyMs(source, timings);
  }
}
