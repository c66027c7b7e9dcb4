import type { FeedUpdate } from '../../ports/agent.js';
import type { SourceContext } from '../../ports/source.js';
import type { SourceServed } from '../../trace/events.js';
import { unreachable } from '../../core/errors.js';
import type { FeedChange, FeedShare } from './feed-pods.js';

/** How long a message is on its way when nothing disturbs it, in milliseconds. */
const messageMs = 2;

/** The receiving end. */
export interface FeedReceiver {
  /** False when nobody listens any more. */
  isOpen(): boolean;
  /** `of` is the plan whose change it is; `shares` are the plans that see some of it. */
  deliver(update: FeedUpdate, of: SourceContext, shares: readonly FeedShare[]): void;
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
  private readonly underway: { readonly of: SourceContext; readonly arrive: () => void }[] = [];
  private isEnded = false;

  constructor(
    private readonly context: SourceContext,
    private readonly receiver: FeedReceiver,
  ) {}

  isOpen(): boolean {
    return !this.isEnded && this.receiver.isOpen();
  }

  /** Whether messages are on their way: any, or those of one plan. */
  busy(of?: SourceContext): boolean {
    return this.isOpen() && this.underway.some((message) => of === undefined || message.of === of);
  }

  send(change: FeedChange): void {
    if (!this.isOpen()) return;
    const of = change.context ?? this.context;
    const { disturbances } = of;
    const fault = disturbances.fault({ source: 'feed' });
    let extraMs = disturbances.deliveryDelayMs('feed');
    if (fault?.effect === 'delay') extraMs += fault.ms ?? 1_000;
    const update: FeedUpdate = { revision: ++this.lastRevision, type: change.type, pods: change.pods };
    const isReset = fault?.effect === 'reset';
    const shares = change.shares ?? [{ ...change, context: of }];
    this.later(extraMs, of, () => {
      if (isReset) {
        this.break();
        return;
      }
      for (let copies = fault?.effect === 'duplicate' ? 2 : 1; copies > 0 && this.isOpen(); copies--) {
        for (const share of shares) share.context.journal.record(servedOf(change.type, share));
        this.receiver.deliver(update, of, shares);
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
  private later(extraMs: number, of: SourceContext, arrive: () => void): void {
    const nowMs = this.context.clock.now();
    this.lastArrivalMs = Math.max(this.lastArrivalMs, nowMs + messageMs + extraMs);
    this.underway.push({ of, arrive });
    this.context.clock.after(this.lastArrivalMs - nowMs, () => {
      const oldest = this.underway.shift();
      if (this.isOpen()) oldest?.arrive();
    });
  }
}

function servedOf(type: FeedChange['type'], { heldRevision, pods }: FeedShare): SourceServed {
  const base = {
    kind: 'source.served',
    actor: 'source:feed',
    source: 'feed',
    revision: heldRevision,
  } as const;
  switch (type) {
    case 'SNAPSHOT':
      return { ...base, outcome: 'list', pods };
    case 'ADD':
      return { ...base, outcome: 'change', change: 'added', pods };
    case 'UPDATE':
    case 'DELETE':
      return { ...base, outcome: 'change', change: 'modified', pods };
    case 'REMOVE':
      return { ...base, outcome: 'change', change: 'deleted', pods };
    default:
      return unreachable(type);
  }
}
