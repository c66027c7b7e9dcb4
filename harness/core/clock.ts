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

const realNow = performance.now.bind(performance);
const realSetTimeout = globalThis.setTimeout;
const realClearTimeout = globalThis.clearTimeout;
const realSetImmediate = globalThis.setImmediate;
const realClearImmediate = globalThis.clearImmediate;

/** A clock on real time that can be ended. */
export interface RealClock extends Clock {
  /** Forgets everything pending, so that it does not keep the process alive. */
  close(): void;
}

/** A clock on real, monotonic time that reads 0 when it is made. */
export function createRealClock(): RealClock {
  const originMs = realNow();
  const pending = new Set<() => void>();
  return {
    now: () => realNow() - originMs,
    after(delayMs, callback) {
      const run = (): void => {
        pending.delete(forget);
        callback();
      };
      // A timer takes a millisecond at the least: far too long for every answer of a runtime to wait.
      const forget = delayMs > 0 ? timeout(run, delayMs) : immediate(run);
      pending.add(forget);
      return {
        cancel() {
          pending.delete(forget);
          forget();
        },
      };
    },
    close() {
      for (const forget of pending) forget();
      pending.clear();
    },
  };
}

function timeout(run: () => void, delayMs: number): () => void {
  const handle = realSetTimeout(run, delayMs);
  return () => realClearTimeout(handle);
}

function immediate(run: () => void): () => void {
  const handle = realSetImmediate(run);
  return () => realClearImmediate(handle);
}
