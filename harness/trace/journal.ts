import type { Clock } from '../core/clock.js';
import type { TraceEvent, TraceEventBody } from './events.js';

/** Receives each event as it happens. */
export type TraceListener = (event: TraceEvent) => void;

/** Collects the events of one run, stamps them, and hands them on. */
export interface Journal {
  /** Stamps and keeps the event. The body must not be changed afterwards. */
  record(body: TraceEventBody): TraceEvent;
  readonly events: readonly TraceEvent[];
}

/** A journal on `clock` that hands every event to `listener` at once. */
export function createJournal(clock: Clock, listener?: TraceListener): Journal {
  const events: TraceEvent[] = [];
  return {
    events,
    record(body) {
      // t and seq first: a line of a saved trace then begins with when it happened.
      const event = { t: clock.now(), seq: events.length, ...body } as TraceEvent;
      events.push(event);
      listener?.(event);
      return event;
    },
  };
}
