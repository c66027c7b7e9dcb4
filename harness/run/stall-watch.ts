/** How often is looked whether this process is let run, in milliseconds. */
const lookMs = 50;
/** Shorter stalls are within the slack that every bound has. */
const stallMinMs = 150;
/** Agents of long periods do not mind what is short beside them. */
const shareOfCalm = 8;

/**
 * Calls back when this process was not let run for long, with how long, in milliseconds. On a machine so busy an
 * agent is kept from running too: its silence is no calm, and what it has not done yet may still come. Returns how
 * to stop.
 *
 * @param calmMs how long a silence of the agent counts as calm
 */
export function watchStalls(calmMs: number, onStall: (ms: number) => void): () => void {
  const thresholdMs = Math.max(stallMinMs, calmMs / shareOfCalm);
  let lookedAtMs = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const lateMs = now - lookedAtMs - lookMs;
    lookedAtMs = now;
    if (lateMs >= thresholdMs) onStall(lateMs);
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}
