import type { Step } from '../../spec/plan.js';
import { simEpochMs, type FeedPort } from '../../ports/agent.js';
import type { Life, SimSource, SourceContext, StepOutcome } from '../../ports/source.js';
import { createCatchUp, type CatchUp } from '../catch-up.js';
import { FeedPods, type FeedChange } from './feed-pods.js';
import { FeedSubscription } from './feed-subscription.js';

/** How long the agent takes to notice a broken or refused stream, in milliseconds. */
const breakMs = 1;

/** The feed in sim. */
export function createSimFeedSource(context: SourceContext): SimSource<FeedPort> {
  return new SimFeedSource(context);
}

class SimFeedSource implements SimSource<FeedPort> {
  readonly kind = 'feed';
  private readonly pods: FeedPods;
  private readonly catchUp: CatchUp;
  private subscriptions: FeedSubscription[] = [];

  constructor(private readonly context: SourceContext) {
    this.catchUp = createCatchUp(context);
    this.pods = new FeedPods(context, {
      epochMs: simEpochMs,
      onChange: (change) => this.broadcast(change),
      onOutage: (isOut) => {
        this.catchUp.restart();
        if (isOut) for (const subscription of this.open()) subscription.breakAfter(breakMs);
      },
    });
  }

  apply(step: Step): StepOutcome {
    return this.pods.apply(step);
  }

  heal(): void {
    this.pods.heal();
    this.catchUp.restart();
  }

  busy(): boolean {
    if (this.subscriptions.some((subscription) => subscription.busy())) return true;
    return this.catchUp.isDue(this.pods.current().heldRevision);
  }

  port(life: Life): FeedPort {
    this.pods.begin();
    return {
      subscribe: (onUpdate, onEnd) => {
        const subscription = new FeedSubscription(this.context, {
          isOpen: () => life.alive,
          deliver: (update, _of, [share]) => {
            this.catchUp.noteShown(share!.heldRevision);
            onUpdate(update);
          },
          end: onEnd,
        });
        if (this.pods.outage) {
          subscription.breakAfter(breakMs);
        } else {
          this.subscriptions = this.open();
          this.subscriptions.push(subscription);
          subscription.send(this.pods.current());
        }
        return {
          // Nothing waits for it: in sim the harness knows what has arrived.
          acknowledge() {},
          close: () => subscription.close(),
        };
      },
    };
  }

  private broadcast(change: FeedChange): void {
    this.catchUp.restart();
    if (this.pods.outage) return;
    for (const subscription of this.subscriptions) subscription.send(change);
  }

  private open(): FeedSubscription[] {
    return this.subscriptions.filter((subscription) => subscription.isOpen());
  }
}
