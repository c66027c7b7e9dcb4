/**
 * Tells another thread that this one is still getting on: it counts up in shared memory, so that even a thread
 * that never gives control back can be told from one that is slow.
 */
let shared: Int32Array | undefined;

/** From now on beats are counted there; undefined: nowhere. */
export function setHeartbeat(counter: Int32Array | undefined): void {
  shared = counter;
  beat();
}

/** Cheap enough for every few dozen events. */
export function beat(): void {
  if (shared !== undefined) Atomics.add(shared, 0, 1);
}
