import type { Journal } from '../trace/journal.js';

/**
 * Tells live sources, which see requests only, which life of the agent they come from: the last one that the
 * journal saw start. Each event is looked at once.
 */
export function createLifeWatch(journal: Journal): () => number {
  let looked = 0;
  let incarnation = 0;
  return () => {
    for (; looked < journal.events.length; looked++) {
      const event = journal.events[looked]!;
      if (event.kind === 'agent.started') incarnation = event.incarnation;
    }
    return incarnation;
  };
}
