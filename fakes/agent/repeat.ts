import type { Timer } from '../../harness/core/clock.js';
import type { Scheduler } from './types.js';

/** A task that runs again and again; the period counts from the end of the run before. */
export interface Repetition {
  /** Runs the task now, or once more after the present run. */
  now(): void;
}

/**
 * Runs `task` at once and then every `periodMs`, until the agent stops or the period is infinite. The task handles
 * its own errors: one that escapes is logged, and the next run comes as usual.
 */
export function repeat(
  scheduler: Scheduler,
  periodMs: () => number,
  task: () => Promise<void> | void,
  onError: (error: unknown) => void,
): Repetition {
  let running = false;
  let again = false;
  let timer: Timer | undefined;

  async function run(): Promise<void> {
    running = true;
    timer?.cancel();
    timer = undefined;
    try {
      await task();
    } catch (error) {
      onError(error);
    }
    running = false;
    if (scheduler.stopped()) return;
    const delayMs = again ? 0 : periodMs();
    if (delayMs !== Infinity) timer = scheduler.after(delayMs, () => void run());
    again = false;
  }

  void run();
  return {
    now() {
      if (scheduler.stopped()) return;
      if (running) again = true;
      else void run();
    },
  };
}
