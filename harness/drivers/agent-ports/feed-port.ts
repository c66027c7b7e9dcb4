import { credentials, type ClientDuplexStream } from '@grpc/grpc-js';
import type { FeedPort, FeedUpdate } from '../../ports/agent.js';
import { loadFeedProtocol, type FeedRequest, type WirePodUpdate } from '../../sources/feed/feed-protocol.js';
import type { Pod } from '../../spec/pod.js';

const channelOptions = {
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
};

/**
 * A real feed, for an agent in a process of its own. `endpoint`: `unix:///…` or `host:port`. Without `nodeName` the
 * feed serves the node that it is for.
 */
export function createFeedPort(
  endpoint: string,
  options: { readonly nodeName?: string } = {},
): FeedPort & { close(): void } {
  const client = new (loadFeedProtocol())(endpoint, credentials.createInsecure(), channelOptions);
  return {
    subscribe(onUpdate, onEnd) {
      const call = client['Watch']!() as ClientDuplexStream<FeedRequest, WirePodUpdate>;
      let isOver = false;
      const end = (): void => {
        if (isOver) return;
        isOver = true;
        call.cancel();
        onEnd();
      };
      call.on('data', (message: WirePodUpdate) => {
        if (isOver) return;
        const update = decode(message);
        if (update === undefined) end();
        else onUpdate(update);
      });
      call.on('error', end);
      call.on('end', end);
      call.write({ subscribe: { nodeName: options.nodeName ?? '' } });
      return {
        acknowledge(revision) {
          if (!isOver) call.write({ ack: { revision } });
        },
        close() {
          isOver = true;
          call.cancel();
        },
      };
    },
    close: () => client.close(),
  };
}

/** Undefined when the message says nothing we know: the stream is of no use then. */
function decode(message: WirePodUpdate): FeedUpdate | undefined {
  const { revision, type } = message;
  if (type === 'TYPE_UNSPECIFIED') return undefined;
  try {
    const pods = message.pods.map((bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')) as Pod);
    return { revision, type, pods };
  } catch {
    return undefined;
  }
}
