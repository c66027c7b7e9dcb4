import type { TraceEvent } from '../trace/events.js';

/**
 * Why an execution says nothing of what it would have come to: it was cut short, or was still moving when it was looked
 * at. Undefined when it came to its end. A run in sim that does not come to rest is judged: there its deadline is exact.
 */
export function whyUndecided(events: readonly TraceEvent[]): string | undefined {
  const start = events[0];
  const last = events.at(-1);
  if (last?.kind === 'run.ended' && last.outcome !== 'complete') {
    const detail = last.detail === undefined ? '' : ` (${last.detail})`;
    switch (last.outcome) {
      case 'interrupted':
        return 'interrupted';
      case 'limit':
        return `cut short${detail}`;
      case 'agentGone':
        return `given up by the agent${detail}`;
    }
  }
  const isLive = start?.kind === 'run.started' && start.world === 'live';
  const isUnsettled = events.some((event) => event.kind === 'phase' && event.phase === 'unsettled');
  return isLive && isUnsettled ? 'still moving at its deadline' : undefined;
}
