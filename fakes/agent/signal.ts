/** Tells whoever listens at the moment that something has happened. */
export interface Signal {
  fire(): void;
  /** Returns a function that ends the listening. */
  listen(listener: () => void): () => void;
}

export function createSignal(): Signal {
  const listeners = new Set<() => void>();
  return {
    fire() {
      for (const listener of [...listeners]) listener();
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What a wait ends with when a signal came first. */
export const signalled = Symbol('signalled');

/** Waits for the promise or for the signal, whichever comes first. The promise goes on by itself then. */
export function untilSignal<Value>(
  promise: Promise<Value>,
  signal: Signal,
): Promise<Value | typeof signalled> {
  return new Promise((resolve, reject) => {
    const stopListening = signal.listen(() => {
      stopListening();
      resolve(signalled);
    });
    promise.then(
      (value) => {
        stopListening();
        resolve(value);
      },
      (error: unknown) => {
        stopListening();
        reject(error);
      },
    );
  });
}
