/**
 * Where time comes from. Everything in the harness that waits takes a {@link Clock}: in `sim` it is the
 * {@link VirtualClock}, in `live` the machine's own, so the same code runs in both worlds.
 */
export interface Clock {
  /** Milliseconds since the run began. Never goes backwards. */
  now(): number;
  /** Runs `callback` once, `delayMs` (≥ 0) from now. Callbacks due at one instant run in the order asked for. */
  after(delayMs: number, callback: () => void): Timer;
}

/** One pending callback. */
export interface Timer {
  /** Forgets the callback; harmless when it already ran. */
  cancel(): void;
}

const realSetTimeout = globalThis.setTimeout;
const realClearTimeout = globalThis.clearTimeout;

/** A clock on real time that can be ended. */
export interface RealClock extends Clock {
  /** Forgets everything pending, so that it does not keep the process alive. */
  close(): void;
}

/** A clock on real, monotonic time that reads 0 when it is made. */
export function createRealClock(): RealClock {
  const originNs = process.hrtime.bigint();
  const pending = new Set<NodeJS.Timeout>();
  return {
    now: () => Number(process.hrtime.bigint() - originNs) / 1e6,
    after(delayMs, callback) {
      const handle = realSetTimeout(() => {
        pending.delete(handle);
        callback();
      }, delayMs);
      pending.add(handle);
      return {
        cancel() {
          pending.delete(handle);
          realClearTimeout(handle);
        },
      };
    },
    close() {
      for (const handle of pending) realClearTimeout(handle);
      pending.clear();
    },
  };
}
