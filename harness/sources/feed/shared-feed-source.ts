import type { Clock } from '../../core/clock.js';
import type { SharedSource, SourceContext, SourceNames, SourcePart } from '../../ports/source.js';
import { createSharedJournal, sharedDisturbances, type JournalPart } from '../shared-journal.js';
import { noOp } from '../step-outcome.js';
import { FeedPods, type FeedChange, type FeedPodsOptions } from './feed-pods.js';
import { acknowledgementMs, serveFeed } from './live-feed-source.js';

export interface SharedFeedOptions {
  readonly socketPath: string;
  readonly nodeName: string;
  readonly clock: Clock;
}

/** One plan's part of the feed. */
interface Part extends JournalPart {
  readonly pods: FeedPods;
}

/** One feed for many plans: a new stream begins with the pods of all of them. */
export function createSharedFeedSource(options: SharedFeedOptions): SharedSource {
  const parts = new Set<Part>();
  let feedOptions: FeedPodsOptions | undefined;
  const context: SourceContext = {
    clock: options.clock,
    nodeName: options.nodeName,
    journal: createSharedJournal(parts),
    pods: [],
    disturbances: sharedDisturbances(parts),
  };
  const source = serveFeed(context, {
    socketPath: options.socketPath,
    makeContent(given) {
      feedOptions = given;
      return {
        outage: false,
        begin() {},
        // Each part replaces the revision by its own.
        current: (): FeedChange => ({
          heldRevision: 1,
          type: 'SNAPSHOT',
          pods: [...parts].flatMap(({ pods }) => pods.current().pods),
        }),
        apply: (step) => noOp(`the whole feed has no ${step.do}`),
        heal() {},
      };
    },
  });
  return {
    kind: 'feed',
    open: () => source.open(),
    close: () => source.close(),
    isDelivered: () => source.isDelivered(),
    join(own: SourceContext, names: SourceNames): SourcePart {
      let heldRevision = 1;
      let changedAtMs = -Infinity;
      const pods = new FeedPods(own, {
        ...feedOptions!,
        uidEnding: names.uidEnding,
        onOutage() {},
        onChange(change) {
          heldRevision = change.heldRevision;
          changedAtMs = own.clock.now();
          feedOptions!.onChange({ ...change, context: own });
        },
      });
      const part: Part = {
        context: own,
        pods,
        owns: (namespace) => names.owns(namespace),
        heldRevision: () => heldRevision,
      };
      pods.begin();
      parts.add(part);
      return {
        kind: 'feed',
        apply: (step) => pods.apply(step),
        heal: () => pods.heal(),
        // What is on its way to others keeps nobody waiting.
        busy: () => own.clock.now() < changedAtMs + acknowledgementMs && source.busy(),
        leave() {
          parts.delete(part);
          for (const pod of pods.current().pods)
            feedOptions!.onChange({ heldRevision, type: 'REMOVE', pods: [pod], context: own });
        },
      };
    },
  };
}
