import type { Source } from '../../ports/source.js';
import type { TestContext } from '../testing/test-context.js';
import type { Clock } from '../../core/clock.js';

/** One source and one agent's port to it, in sim or live. */
export interface SourceWorld<Port> {
  readonly context: TestContext<Clock>;
  readonly source: Source;
  readonly port: Port;
  /** Lets `ms` pass. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until the promise settles. */
  settle<Value>(promise: Promise<Value>): Promise<Value>;
  close(): Promise<void>;
}

/** Makes a fresh world for one test. */
export type CreateSourceWorld<Port> = () => Promise<SourceWorld<Port>>;

/** Lets time pass until `condition` holds, at most 5 s. */
export async function until(world: SourceWorld<unknown>, condition: () => boolean): Promise<void> {
  const deadlineMs = world.context.clock.now() + 5_000;
  while (!condition()) {
    if (world.context.clock.now() > deadlineMs) throw new Error(`it did not happen: ${condition.toString()}`);
    await world.pass(5);
  }
}
