import type { Clock } from '../../core/clock.js';
import type { Plan } from '../../spec/plan.js';
import { boundsOf, type Timings } from '../../spec/timings.js';
import type { RuntimeBackend } from '../../ports/runtime.js';
import type { LaneRuntime } from './runtime-switch.js';

export interface ClearLaneOptions {
  readonly plan: Plan;
  readonly runtime: LaneRuntime;
  readonly backend: RuntimeBackend;
  readonly timings: Timings;
  readonly clock: Clock;
  /** The agent itself is going: there is nothing to wait for. */
  readonly isOver: () => boolean;
}

/** Soon enough that no lane stands empty for long, and seldom enough not to be felt with a hundred of them. */
const lookMs = 250;
/** What a busy machine may cost. */
const patienceMs = 5_000;

/**
 * Waits until the agent has ended what runs of a lane whose pods are in no source any more. What is dead is removed
 * here and not left to the agent's garbage collection, since all lanes would have to list it until then. False when
 * something was still running at the deadline, which is then ended from outside.
 */
export async function clearLane(options: ClearLaneOptions): Promise<boolean> {
  const { runtime, backend, clock } = options;
  const deadlineMs = clock.now() + stopBoundMs(options);
  const idleFromMs = clock.now() + seenBoundMs(options.timings);
  for (;;) {
    if (options.isOver()) return true;
    const live = isAlive(runtime);
    // An addition of the last moment may only now come to be a pod.
    if (!live && clock.now() >= idleFromMs && runtime.openCalls() === 0) break;
    if (clock.now() >= deadlineMs) break;
    await new Promise<void>((resolve) => void clock.after(lookMs, resolve));
  }
  const isCleared = !isAlive(runtime);
  for (const id of [...runtime.containers().keys()]) {
    await backend.killContainer(id);
    await backend.removeContainer(id);
  }
  for (const id of [...runtime.sandboxes().keys()]) await backend.removeSandbox(id);
  return isCleared;
}

function isAlive(runtime: LaneRuntime): boolean {
  for (const { state } of runtime.containers().values()) if (state === 'running') return true;
  for (const { state } of runtime.sandboxes().values()) if (state === 'ready') return true;
  return false;
}

/** Until the agent has seen that a source lists nothing any more. */
function seenBoundMs(timings: Timings): number {
  const { Tfile, Thttp, Thk, Tpleg } = boundsOf(timings);
  return Math.max(Tfile, Thttp) + Thk + Tpleg;
}

/** Until a pod has ended whose agent goes about it at once, or at its next try. */
function stopBoundMs({ plan, timings }: ClearLaneOptions): number {
  const { Tresync, Terr, Tstatic } = boundsOf(timings);
  const graceS = Math.max(2, ...plan.setup.pods.flatMap((pod) => pod.specs.map((spec) => spec.graceS)));
  return seenBoundMs(timings) + 2 * 1_000 * graceS + Math.max(Tresync, Terr, Tstatic) + patienceMs;
}
