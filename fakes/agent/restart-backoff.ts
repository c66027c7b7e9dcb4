import type { Timings } from '../../harness/spec/timings.js';
import type { BackoffInput } from './decisions.js';

/**
 * When a container that has ended may start again. The first restart of a series is due at once, the next
 * after the initial delay from the exit, then twice as long each time up to the cap. Everything is derived
 * from the runtime's records, so that a restart of the agent forgets nothing.
 */
export function restartDueMs(exit: BackoffInput, timings: Timings): number {
  if (exit.isChanged || endsSeries(exit, timings)) return exit.finishedAtMs;
  return exit.finishedAtMs + delayMs(exit.streak, timings);
}

/** The number of the next start in its series: 0 is a first start, 1 the first restart. */
export function nextStreak(exit: BackoffInput, timings: Timings): number {
  if (exit.isChanged) return 0;
  return endsSeries(exit, timings) ? 1 : exit.streak + 1;
}

function delayMs(streak: number, timings: Timings): number {
  if (streak <= 0) return 0;
  // Beyond 2^30 every cap is reached.
  return Math.min(timings.backoffMaxMs, timings.backoffInitialMs * 2 ** Math.min(streak - 1, 30));
}

/** A container that ran for long has recovered. */
function endsSeries(exit: BackoffInput, timings: Timings): boolean {
  return exit.startedAtMs > 0 && exit.finishedAtMs - exit.startedAtMs >= timings.backoffResetMs;
}
