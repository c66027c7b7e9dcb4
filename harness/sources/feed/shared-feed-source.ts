import type { Clock } from '../../core/clock.js';
import type { SharedSource, SourceContext, SourceNames, SourcePart } from '../../ports/source.js';
import { Parts } from '../parts.js';
import { createSharedJournal, sharedDisturbances, type JournalPart } from '../shared-journal.js';
import { noOp } from '../step-outcome.js';
import { FeedPods, type FeedChange, type FeedPodsOptions } from './feed-pods.js';
import { serveFeed } from './live-feed-source.js';

export interface SharedFeedOptions {
  readonly socketPath: string;
  readonly nodeName: string;
  readonly clock: Clock;
}

/** One plan's part of the feed. */
interface Part extends JournalPart {
  readonly pods: FeedPods;
}

/** One feed for many plans: whenever it tells a whole list, that is the list of all of them. */
export function createSharedFeedSource(options: SharedFeedOptions): SharedSource {
  const parts = new Parts<Part>();
  let feedOptions: FeedPodsOptions | undefined;
  const context: SourceContext = {
    clock: options.clock,
    nodeName: options.nodeName,
    journal: createSharedJournal(parts),
    pods: [],
    disturbances: sharedDisturbances(parts),
  };

  function wholeList(): FeedChange {
    const shares = [...parts].map(({ context: own, pods }) => ({ ...pods.current(), context: own }));
    return { heldRevision: 1, type: 'SNAPSHOT', pods: shares.flatMap(({ pods }) => pods), shares };
  }

  const source = serveFeed(context, {
    socketPath: options.socketPath,
    makeContent(given) {
      feedOptions = given;
      return {
        outage: false,
        begin() {},
        current: wholeList,
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
      const pods = new FeedPods(own, {
        ...feedOptions!,
        uidEnding: names.ending,
        onOutage() {},
        onChange(change) {
          ({ heldRevision } = change);
          // A list replaces all that the agent knows of the feed.
          const told = change.type === 'SNAPSHOT' ? wholeList() : change;
          feedOptions!.onChange({ ...told, context: own });
        },
      });
      const part: Part = {
        context: own,
        pods,
        ending: names.ending,
        heldRevision: () => heldRevision,
      };
      pods.begin();
      parts.add(part);
      return {
        kind: 'feed',
        apply: (step) => pods.apply(step),
        heal: () => pods.heal(),
        busy: () => source.busy(own),
        leave() {
          parts.delete(part);
          source.forget(own);
          for (const pod of pods.current().pods)
            feedOptions!.onChange({ heldRevision, type: 'REMOVE', pods: [pod] });
        },
      };
    },
  };
}
