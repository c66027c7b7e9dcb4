import type { Journal } from '../../trace/journal.js';
import type { SourceServed } from '../../trace/events.js';

/** Journals what polls were answered, once per change; errors always. One per life of the agent. */
export class ServedLog {
  private last: SourceServed | undefined;

  constructor(private readonly journal: Journal) {}

  record(served: SourceServed): void {
    const isKnown =
      served.outcome !== 'error' &&
      this.last?.outcome === served.outcome &&
      this.last.revision === served.revision &&
      this.last.stale === served.stale;
    if (isKnown) return;
    this.last = served;
    this.journal.record(served);
  }
}
