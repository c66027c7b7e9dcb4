import type { Decisions } from './decisions.js';
import { createSignal, type Signal } from './signal.js';

/** The grace period of one stop of a pod: preStop hooks, waiting in line and the stop itself share it. */
export interface StopBudget {
  /** What StopContainer may be given now, in seconds. The first question starts the clock. */
  timeoutS(): number;
  remainingMs(): number;
  /** Another request to stop: may shorten the period, and tells who waits. */
  request(graceS: number): void;
  readonly shortened: Signal;
}

export function createStopBudget(graceS: number, decisions: Decisions, nowMs: () => number): StopBudget {
  let currentS = graceS;
  let startedAtMs: number | undefined;
  const shortened = createSignal();

  function elapsedMs(): number {
    startedAtMs ??= nowMs();
    return nowMs() - startedAtMs;
  }

  return {
    shortened,
    timeoutS: () => decisions.stopTimeoutS(currentS, elapsedMs()),
    remainingMs: () => Math.max(0, currentS * 1_000 - elapsedMs()),
    request(requestedS) {
      const nextS = decisions.laterGraceS(
        currentS,
        startedAtMs === undefined ? requestedS : requestedS + elapsedMs() / 1_000,
      );
      if (nextS === currentS) return;
      currentS = nextS;
      shortened.fire();
    },
  };
}
