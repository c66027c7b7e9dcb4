/** Adds up the time in which at least one of several executions was under way, in milliseconds. */
export interface WorkTime {
  /** An execution has just ended that took so long. */
  note(durationMs: number): void;
  ms(): number;
}

/** @param now the time in milliseconds */
export function createWorkTime(now: () => number = () => performance.now()): WorkTime {
  let spentMs = 0;
  let countedToMs = -Infinity;
  return {
    note(durationMs) {
      const endMs = now();
      spentMs += endMs - Math.max(endMs - durationMs, Math.min(countedToMs, endMs));
      countedToMs = endMs;
    },
    ms: () => spentMs,
  };
}
