/** Lets many cases run side by side, or one piece of work alone. */
export interface LaneGate {
  shared<Value>(work: () => Promise<Value>): Promise<Value>;
  /** Waits until all that runs has ended; what comes later waits for it. */
  alone<Value>(work: () => Promise<Value>): Promise<Value>;
}

export function createLaneGate(): LaneGate {
  let running = 0;
  /** Ends when the last work alone that was asked for has ended. */
  let exclusive: Promise<unknown> = Promise.resolve();
  let exclusives = 0;
  let onIdle: (() => void) | undefined;

  async function idle(): Promise<void> {
    if (running > 0) await new Promise<void>((resolve) => (onIdle = resolve));
  }

  return {
    async shared(work) {
      while (exclusives > 0) await exclusive;
      running++;
      try {
        return await work();
      } finally {
        running--;
        if (running === 0) onIdle?.();
      }
    },
    alone(work) {
      exclusives++;
      const result = exclusive.then(idle).then(work);
      exclusive = result.then(
        () => exclusives--,
        () => exclusives--,
      );
      return result;
    },
  };
}
