import type { FeedUpdate } from '../../ports/agent.js';
import type { SourceContext } from '../../ports/source.js';
import type { SourceServed } from '../../trace/events.js';
import { unreachable } from '../../core/errors.js';
import type { FeedChange } from './feed-pods.js';

/** How long a message is on its way when nothing disturbs it, in milliseconds. */
const messageMs = 2;

/** The receiving end. */
export interface FeedReceiver {
  /** False when nobody listens any more. */
  isOpen(): boolean;
  deliver(update: FeedUpdate): void;
  /** The stream breaks; called at most once. */
  end(): void;
}

/**
 * One stream of messages: numbers them, keeps their order whatever delays the plan asks for, and journals each
 * as `source.served` when it arrives.
 */
export class FeedSubscription {
  private lastRevision = 0;
  private lastArrivalMs = 0;
  private readonly underway: (() => void)[] = [];
  private isEnded = false;

  constructor(
    private readonly context: SourceContext,
    private readonly receiver: FeedReceiver,
  ) {}

  isOpen(): boolean {
    return !this.isEnded && this.receiver.isOpen();
  }

  busy(): boolean {
    return this.underway.length > 0 && this.isOpen();
  }

  send(change: FeedChange): void {
    if (!this.isOpen()) return;
    const { disturbances, journal } = change.context ?? this.context;
    const fault = disturbances.fault({ source: 'feed' });
    let extraMs = disturbances.deliveryDelayMs('feed');
    if (fault?.effect === 'delay') extraMs += fault.ms ?? 1_000;
    const update: FeedUpdate = { revision: ++this.lastRevision, type: change.type, pods: change.pods };
    const isReset = fault?.effect === 'reset';
    this.later(extraMs, () => {
      if (isReset) {
        this.break();
        return;
      }
      for (let copies = fault?.effect === 'duplicate' ? 2 : 1; copies > 0 && this.isOpen(); copies--) {
        journal.record(servedOf(change));
        this.receiver.deliver(update);
      }
    });
  }

  /** Breaks the stream, `afterMs` from now; what is on its way is lost. */
  breakAfter(afterMs: number): void {
    this.context.clock.after(afterMs, () => this.break());
  }

  /** The receiver has gone. */
  close(): void {
    this.isEnded = true;
  }

  private break(): void {
    if (!this.isOpen()) return;
    this.isEnded = true;
    this.receiver.end();
  }

  /**
   * A message held back holds those behind it: streams keep their order. Real timers may fire a little out of
   * order, so each lets the oldest message go, not its own.
   */
  private later(extraMs: number, action: () => void): void {
    const nowMs = this.context.clock.now();
    this.lastArrivalMs = Math.max(this.lastArrivalMs, nowMs + messageMs + extraMs);
    this.underway.push(action);
    this.context.clock.after(this.lastArrivalMs - nowMs, () => {
      const oldest = this.underway.shift();
      if (this.isOpen()) oldest?.();
    });
  }
}

function servedOf(change: FeedChange): SourceServed {
  const base = {
    kind: 'source.served',
    actor: 'source:feed',
    source: 'feed',
    revision: change.heldRevision,
  } as const;
  switch (change.type) {
    case 'SNAPSHOT':
      return { ...base, outcome: 'list', pods: change.pods };
    case 'ADD':
      return { ...base, outcome: 'change', change: 'added', pods: change.pods };
    case 'UPDATE':
    case 'DELETE':
      return { ...base, outcome: 'change', change: 'modified', pods: change.pods };
    case 'REMOVE':
      return { ...base, outcome: 'change', change: 'deleted', pods: change.pods };
    default:
      return unreachable(change.type);
  }
}
