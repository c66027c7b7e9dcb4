import { availableParallelism } from 'node:os';
import type { CpuTime } from '../ports/driver.js';

/** How often is looked whether an agent is let run, in milliseconds. */
const lookMs = 1_000;
/** Who waits for less of the time gets on, if more slowly: that much is within the slack of the bounds. */
const waitedShareMin = 0.3;
/** An agent that uses more of the machine than all others together waits for itself. */
const ownShareMax = 0.5;

/**
 * How long an agent was kept from running, in milliseconds, and 0 if that was not long or its own doing.
 *
 * @param elapsedMs the time in which it had that processor time
 */
export function starvedMs(
  { usedMs, waitedMs }: CpuTime,
  elapsedMs: number,
  processors = availableParallelism(),
): number {
  if (usedMs > ownShareMax * processors * elapsedMs || waitedMs < waitedShareMin * elapsedMs) return 0;
  // Several threads may have waited at once.
  return Math.min(waitedMs, elapsedMs);
}

/**
 * Calls back when the machine kept an agent from running, with how long. Returns how to stop.
 *
 * @param takeCpuTime what the agent had since it was last asked; undefined when that is not known
 */
export function watchStarvation(
  takeCpuTime: () => CpuTime | undefined,
  onStarved: (ms: number) => void,
): () => void {
  let lookedAtMs = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const cpuTime = takeCpuTime();
    const ms = cpuTime === undefined ? 0 : starvedMs(cpuTime, now - lookedAtMs);
    lookedAtMs = now;
    if (ms > 0) onStarved(ms);
  }, lookMs).unref();
  return () => clearInterval(timer);
}
