/** How often is looked whether this process is let run, in milliseconds. */
const lookMs = 50;
/** Shorter stalls are within the slack that every bound has. */
const stallMinMs = 150;
/** Agents of long periods do not mind what is short beside them. */
const shareOfCalm = 8;

interface Watcher {
  readonly thresholdMs: number;
  readonly onStall: (ms: number) => void;
}

// Many runs may be under way in this process, and all stall together: one timer serves them.
const watchers = new Set<Watcher>();
let timer: NodeJS.Timeout | undefined;
let lookedAtMs = 0;

/**
 * Calls back when this process was not let run for long, with how long, in milliseconds. On a machine so busy an
 * agent is kept from running too: its silence is no calm, and what it has not done yet may still come. Returns how
 * to stop.
 *
 * @param calmMs how long a silence of the agent counts as calm
 */
export function watchStalls(calmMs: number, onStall: (ms: number) => void): () => void {
  const watcher = { thresholdMs: Math.max(stallMinMs, calmMs / shareOfCalm), onStall };
  watchers.add(watcher);
  if (timer === undefined) {
    lookedAtMs = performance.now();
    timer = setInterval(look, lookMs).unref();
  }
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function look(): void {
  const now = performance.now();
  const lateMs = now - lookedAtMs - lookMs;
  lookedAtMs = now;
  if (lateMs < stallMinMs) return;
  for (const { thresholdMs, onStall } of [...watchers]) if (lateMs >= thresholdMs) onStall(lateMs);
}
