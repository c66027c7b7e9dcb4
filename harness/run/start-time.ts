import type { Clock } from '../core/clock.js';
import type { Life } from '../ports/source.js';

/** How long lives of the agent take to start: a process loads, and cannot be met by anything meanwhile. */
export interface StartTime {
  begin(life: Life): void;
  /** The life has ended, or is to end. */
  end(): void;
  /** The current life has begun and has made no runtime call yet. */
  isStarting(): boolean;
  /**
   * Calls back when so many milliseconds have passed in which no life was starting: a process may take longer to load
   * than all waits of a plan together, and would meet nothing but what they led to.
   */
  pass(ms: number, then: () => void): void;
}

/** Starting takes a later life about as long as the first; at most so many times as long, or this long, counts. */
const startFactor = 3;
const startMinMs = 1_000;
/** How often is looked whether an agent that is starting has started. */
const startingLookMs = 10;

/**
 * @param firstCallMs when a life made its first runtime call
 * @param mostMs the most that counts of the first start, in milliseconds
 */
export function createStartTime(
  clock: Clock,
  firstCallMs: (life: Life) => number | undefined,
  mostMs: number,
): StartTime {
  let life: Life | undefined;
  let beganMs = 0;
  /** Of the lives before the current one. */
  let earlierMs = 0;
  let firstMs: number | undefined;

  /**
   * A life that takes far longer than the first did may wait for what the plan is to do next, the end of an outage for
   * one.
   */
  function currentMs(): number {
    if (life === undefined) return 0;
    const boundMs = firstMs === undefined ? mostMs : Math.max(startMinMs, startFactor * firstMs);
    return Math.min((firstCallMs(life) ?? clock.now()) - beganMs, boundMs);
  }

  const isStarting = (): boolean => life !== undefined && firstCallMs(life) === undefined;
  /** The time of the plan: it stands still while a life starts. */
  const planMs = (): number => clock.now() - earlierMs - currentMs();

  return {
    begin(started) {
      life = started;
      beganMs = clock.now();
    },
    end() {
      if (life === undefined) return;
      const tookMs = currentMs();
      firstMs ??= tookMs;
      earlierMs += tookMs;
      life = undefined;
    },
    isStarting,
    pass(ms, then) {
      const endMs = planMs() + ms;
      const look = (): void => {
        const leftMs = Math.ceil(endMs - planMs());
        if (leftMs <= 0) then();
        else clock.after(isStarting() ? Math.min(startingLookMs, leftMs) : leftMs, look);
      };
      look();
    },
  };
}
