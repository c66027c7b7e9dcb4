import type { Clock } from '../core/clock.js';
import type { Deadlines } from './deadlines.js';
import type { RuntimeView } from './runtime-view.js';

export interface CalmWatchOptions {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  view(): RuntimeView;
  /**
   * How often the agent that runs has looked at the runtime, undefined while none does. Absent: nothing keeps an
   * agent from looking.
   */
  looks?(): number | undefined;
  /** Whether the pods of the runtime are those of the sources, and none of them is to come or to go. Absent: nobody knows. */
  isInPlace?(): boolean;
  /** Whether something is on its way, which ends the calm. */
  isBusy(): boolean;
  /** Whether the run has ended: nobody is called back any more. */
  isOver(): boolean;
}

/** Tells when the world has been at rest for long enough. */
export interface CalmWatch {
  /** The world is not at rest now. */
  stir(): void;
  /** Calls back when nothing has changed for the calm window, or at the deadline. */
  wait(then: (isCalm: boolean) => void): void;
}

/** A quiet agent that a busy machine may have stopped must have looked at the runtime so often meanwhile. */
const calmLooks = 3;
/** One that looks less often is waited for so many times as long as others. */
const patience = 4;
/** How often is looked again whether what is on its way has arrived, in milliseconds. */
const busyLookMs = 250;
/** How often is looked what is left of pods, where that is waited for, in milliseconds. */
const leftoversLookMs = 1_000;

export function createCalmWatch(options: CalmWatchOptions): CalmWatch {
  const { clock, deadlines } = options;
  /** By UID, since when something is known to be left of a pod of which nothing runs. */
  const leftSinceMs = new Map<string, number>();
  let lastActivityMs = 0;
  let looksBefore = 0;

  /** Whether the agent has been quiet because it had nothing to do, not because it was kept from running. */
  function hasLooked(now: number): boolean {
    const looks = options.looks?.();
    if (looks === undefined) return true;
    if (now >= lastActivityMs + patience * deadlines.calmMs) return true;
    return looks - looksBefore >= calmLooks;
  }

  function calmMs(): number {
    const { calmBy } = deadlines;
    if (calmBy === undefined) return deadlines.calmMs;
    const dueMs = options.isInPlace?.() === true ? 0 : calmBy.dueMs;
    const garbageMs = leftovers(options.view()).size > 0 ? calmBy.garbageMs : 0;
    return Math.max(calmBy.restMs, dueMs, garbageMs);
  }

  /** When all that is left of pods now will have been removed. */
  function collectedByMs(now: number): number {
    const { collectionMs } = deadlines;
    if (collectionMs === undefined) return 0;
    const left = leftovers(options.view());
    for (const podUid of leftSinceMs.keys()) if (!left.has(podUid)) leftSinceMs.delete(podUid);
    for (const podUid of left) if (!leftSinceMs.has(podUid)) leftSinceMs.set(podUid, now);
    return leftSinceMs.size === 0 ? 0 : Math.max(...leftSinceMs.values()) + collectionMs;
  }

  function stir(): void {
    lastActivityMs = clock.now();
    looksBefore = options.looks?.() ?? 0;
  }

  return {
    stir,
    wait(then) {
      const deadlineMs = clock.now() + deadlines.settleMs;
      const look = (): void => {
        if (options.isOver()) return;
        const now = clock.now();
        const busy = options.isBusy();
        if (busy) stir();
        const calmAtMs = Math.max(lastActivityMs + calmMs(), collectedByMs(now));
        if (now >= calmAtMs && hasLooked(now)) then(true);
        else if (now >= deadlineMs) then(false);
        // While something is on its way the wait must not end at once when it arrives, nor long after.
        else {
          // By then it may have changed what is waited for, and how long.
          const soonestMs = lastActivityMs + (deadlines.calmBy?.restMs ?? Infinity);
          const nextMs = now < soonestMs ? Math.min(soonestMs, calmAtMs) : calmAtMs;
          const calmInMs = now < calmAtMs ? nextMs - now : busyLookMs;
          const lookMs = busy
            ? busyLookMs
            : deadlines.collectionMs === undefined
              ? Infinity
              : leftoversLookMs;
          clock.after(Math.min(calmInMs, deadlineMs - now, lookMs), look);
        }
      };
      look();
    },
  };
}

/** Pods of which something is left and nothing runs. What running pods keep of their past may stay as long as they do. */
function leftovers(view: RuntimeView): ReadonlySet<string> {
  const running = new Set<string>();
  const left = new Set<string>();
  for (const { podUid, state } of view.sandboxes()) (state === 'ready' ? running : left).add(podUid);
  for (const { podUid, state } of view.containers()) (state === 'running' ? running : left).add(podUid);
  for (const podUid of running) left.delete(podUid);
  return left;
}
