import type { Prng } from '../core/prng.js';
import type { SourceKind } from '../spec/pod.js';
import { boundsOf, type Timings } from '../spec/timings.js';

/**
 * How long a wait is meant to be. `instant`: no wait at all. `within`: inside the run of calls that one sync
 * makes. `between`: after some of what is going on, before the rest. `start`: long enough for a pod of that
 * source to run. `resync`: long enough for every periodic repair. `overdue`: longer than an agent may take to start
 * or restart what nothing keeps it from.
 */
export type Pace = 'instant' | 'within' | 'between' | 'start' | 'resync' | 'overdue';

/** Whether periods are so short that whatever a plan does takes milliseconds, and not seconds. */
export function isBrief(timings: Timings): boolean {
  return timings.relistMs < 500;
}

/** A wait of this pace under these periods, in whole milliseconds. */
export function drawWaitMs(prng: Prng, pace: Pace, timings: Timings, source: SourceKind): number {
  const live = isBrief(timings);
  switch (pace) {
    case 'instant':
      return 0;
    case 'within':
      return live ? prng.int(1, 40) : prng.int(1, 260);
    case 'between':
      return live ? prng.int(20, 120) : prng.int(100, 2 * timings.relistMs);
    case 'start':
      return live
        ? prng.int(120, 260)
        : sourceLatencyMs(timings, source) + timings.tickMs + prng.int(200, 1_200);
    case 'resync':
      if (live) return prng.int(150, 250);
      // Long periods cost time, so that most plans with them leave the repair to the settling at the end.
      if (timings.syncFrequencyMs > 10_000 && prng.int(1, 4) > 1) return prng.int(2_000, 5_000);
      return Math.min(
        100_000,
        Math.round(1.5 * timings.syncFrequencyMs) + timings.tickMs + prng.int(0, 1_000),
      );
    case 'overdue':
      return overdueMs(timings) + prng.int(0, 500);
  }
}

/** How long it takes at most, undisturbed, until the agent has seen a change of this source. */
export function sourceLatencyMs(timings: Timings, source: SourceKind): number {
  switch (source) {
    case 'file':
      return timings.fileNotify ? Math.min(200, timings.fileCheckMs) : timings.fileCheckMs;
    case 'http':
      return timings.httpCheckMs;
    case 'api':
    case 'feed':
      return 100;
  }
}

/** What a start or a restart takes the runtime, and what a real clock is allowed on top, in milliseconds. */
const executionMs = 4_000;

function overdueMs(timings: Timings): number {
  const { Tpleg, Tresync, Thk, Terr } = boundsOf(timings);
  return Math.round(Tpleg + Math.max(Tresync, Thk, Terr)) + executionMs;
}
