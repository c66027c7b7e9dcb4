import type { FeedPort, FeedUpdate } from '../../../harness/ports/agent.js';
import type { Pod } from '../../../harness/spec/pod.js';
import type { SourceReaderContext } from './source-context.js';

/** Delays between attempts to subscribe. */
const reconnectMinMs = 200;
const reconnectMaxMs = 5_000;

/** Follows a stream of pod updates: a snapshot, then changes. Returns how to stop. */
export function readFeed(context: SourceReaderContext, port: FeedPort): () => void {
  const { decisions, scheduler, deliver } = context;
  const pods = new Map<string, Pod>();
  let delayMs = reconnectMinMs;
  let subscription: { close(): void } | undefined;

  function apply(update: FeedUpdate): void {
    switch (update.type) {
      case 'SNAPSHOT':
        pods.clear();
        for (const pod of update.pods) put(pod);
        break;
      case 'ADD':
      case 'UPDATE':
      case 'DELETE':
        for (const pod of update.pods) put(pod);
        break;
      case 'REMOVE':
        for (const pod of update.pods) pods.delete(keyOf(pod));
        break;
    }
  }

  function put(pod: Pod): void {
    if (pod.metadata.uid !== undefined) pods.set(keyOf(pod), pod);
    else context.log(`feed: pod ${pod.metadata.name} has no UID`);
  }

  function subscribe(): void {
    if (scheduler.stopped()) return;
    let hasSnapshot = false;
    let isOver = false;
    const opened = port.subscribe(
      (update) => {
        if (isOver || scheduler.stopped()) return;
        // Changes say nothing without the list that they change.
        if (update.type !== 'SNAPSHOT' && !hasSnapshot) return;
        hasSnapshot = true;
        delayMs = reconnectMinMs;
        apply(update);
        deliver([...pods.values()]);
        opened.acknowledge(update.revision);
      },
      () => {
        if (isOver || scheduler.stopped()) return;
        isOver = true;
        if (decisions.onSourceError('feed') === 'empty') deliver([]);
        if (decisions.onFeedEnd === 'giveUp') return;
        scheduler.after(delayMs, subscribe);
        delayMs = Math.min(reconnectMaxMs, 2 * delayMs);
      },
    );
    subscription = opened;
  }

  subscribe();
  return () => subscription?.close();
}

function keyOf(pod: Pod): string {
  return pod.metadata.uid!;
}
