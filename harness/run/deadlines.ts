import { sha256 } from '../core/hash.js';
import type { Plan } from '../spec/plan.js';
import { boundsOf, garbageBoundMs, type Bounds, type Timings } from '../spec/timings.js';

/** How long the phases of a run take, in milliseconds; derived from the bounds of the requirements. */
export interface Deadlines {
  /** Nothing may change for so long before the world counts as calm, whatever the agent may be waiting for. */
  readonly calmMs: number;
  /** Where less may do; absent: it never does. */
  readonly calmBy?: CalmWindows;
  /** What is left of pods of which nothing runs is waited for so long; absent: as long as any other silence. */
  readonly collectionMs?: number;
  /** The longest that calm may take to come. */
  readonly settleMs: number;
  /** The further window in which nothing may be written: 3×Tresync. */
  readonly quietMs: number;
}

/** How long nothing may change, in milliseconds, by what the agent may still be waiting for. The longest that applies holds. */
export interface CalmWindows {
  /** What is always waited for: the periods in which an agent looks at everything again. */
  readonly restMs: number;
  /** Where the pods of the runtime are not those of the sources: an agent may be about to try again. */
  readonly dueMs: number;
  /** Where something is left for garbage collection. */
  readonly garbageMs: number;
}

/** Deadlines on a clock that has to be waited for. */
export type LiveDeadlines = Deadlines & { readonly calmBy: CalmWindows };

/** The longest that a client of the API server or the feed waits before it tries again: 30 s, doubled at most by jitter. */
const streamRetryMs = 60_000;

/**
 * Calm: longer than the longest silence before the agent acts on its own (any of its periods). Settle: the
 * bound of QUIET-02 (source latency, runtime recovery, grace, replacement, re-sync, applicable back-off), for
 * as many replacements in a row as one name can have waiting.
 */
export function deadlinesOf(plan: Plan, timings: Timings, slackMs = 0): Deadlines {
  const bounds = boundsOf(timings);
  const graceMs =
    1_000 * Math.max(2, ...plan.setup.pods.flatMap((pod) => pod.specs.map((spec) => spec.graceS)));
  const sourceMs = Math.max(bounds.Tfile, bounds.Thttp);
  const calmMs = Math.max(silenceMs(bounds), bounds.Tgc) + 2 * bounds.Tpleg + slackMs;
  const recoveryMs = 2 * timings.runtimeStatusMs + timings.callDeadlineMs;
  const backoffMs = 1.5 * timings.backoffMaxMs + bounds.Tresync;
  const settleMs =
    sourceMs +
    recoveryMs +
    2 * (graceMs + bounds.Tstatic) +
    2 * bounds.Tresync +
    backoffMs +
    2 * bounds.Tgc +
    calmMs +
    streamRetriesMs(plan) +
    slackMs;
  return { calmMs, settleMs, quietMs: 3 * bounds.Tresync };
}

/** One of so many plans waits for a collection of garbage that comes long after everything else has come to rest. */
const collectionPlans = 6;
/** A collection within so many times of the longest other silence is no reason not to wait for it. */
const slowCollection = 2;

/**
 * As {@link deadlinesOf}, for a clock that has to be waited for: not for what nobody can be waiting for. A world without
 * garbage is calm before its collection, and where that comes but once a minute, as a kubelet's, most plans do not wait
 * for it: those that do wait until GC-01 can be judged. Which ones depends on the seed alone, so that a case that is made
 * smaller stays what it was. In sim time costs nothing, and traces of saved cases must not change.
 */
export function liveDeadlinesOf(plan: Plan, timings: Timings, slackMs: number): LiveDeadlines {
  const bounds = boundsOf(timings);
  const usual = deadlinesOf(plan, timings, slackMs);
  const marginMs = usual.calmMs - Math.max(silenceMs(bounds), bounds.Tgc);
  const restMs = periodMs(bounds) + marginMs;
  const dueMs = silenceMs(bounds) + marginMs;
  if (bounds.Tgc <= slowCollection * silenceMs(bounds))
    return { ...usual, calmBy: { restMs, dueMs, garbageMs: usual.calmMs } };
  const calmBy = { restMs, dueMs, garbageMs: restMs };
  const soon = { ...usual, calmMs: dueMs, calmBy, settleMs: usual.settleMs - usual.calmMs + dueMs };
  if (!awaitsCollection(plan)) return soon;
  const collectionMs = garbageBoundMs(bounds) + slackMs;
  return { ...soon, collectionMs, settleMs: soon.settleMs + collectionMs };
}

/** About how long a plan takes on a clock that has to be waited for, in milliseconds: who orders plans need not be right. */
export function expectedMs(plan: Plan, timings: Timings): number {
  const { calmBy, collectionMs = 0, quietMs } = liveDeadlinesOf(plan, timings, 0);
  let ms = calmBy.restMs + collectionMs + quietMs;
  for (const step of plan.steps) {
    if (step.do === 'wait') ms += step.ms;
    else if (step.do === 'settle') ms += calmBy.restMs;
  }
  return ms;
}

function awaitsCollection({ seed }: Plan): boolean {
  return parseInt(sha256(seed).slice(0, 8), 16) % collectionPlans === 0;
}

/** An agent that lost a stream tries again; at the API server it may only be told then to begin anew, and wait again. */
function streamRetriesMs({ setup: { sources } }: Plan): number {
  if (sources.includes('api')) return 2 * streamRetryMs;
  return sources.includes('feed') ? streamRetryMs : 0;
}

/** The longest silence before the agent acts on its own, garbage collection left out. */
function silenceMs(bounds: Bounds): number {
  return Math.max(periodMs(bounds), bounds.Tstatic);
}

/** The same where no static pod waits for the one before it to be gone. */
function periodMs({ Tfile, Thttp, Tresync, Terr, Tstat }: Bounds): number {
  return Math.max(Tfile, Thttp, Tresync, Terr, Tstat);
}
