import { Server, ServerCredentials, status, type ServerDuplexStream } from '@grpc/grpc-js';
import { chmodSync, rmSync } from 'node:fs';
import type { Step } from '../../spec/plan.js';
import { loadFeedProtocol, type FeedRequest, type WirePodUpdate } from './feed-protocol.js';
import type { LiveSource, SourceContext, StepOutcome } from '../../ports/source.js';
import { ExitCode, HarnessError } from '../../core/errors.js';
import { createCatchUp, type CatchUp } from '../catch-up.js';
import { FeedPods, type FeedChange, type FeedPodsOptions } from './feed-pods.js';
import { FeedSubscription } from './feed-subscription.js';

/** How long an update is waited for that was sent and not acknowledged, in milliseconds. */
const acknowledgementMs = 1_000;

/** How long a stream that is to be cut waits for acknowledgements, and how often it looks, in milliseconds. */
const cutMs = 100;
const cutPollMs = 5;

/** The feed in live: a gRPC server on a unix socket that only its owner can open. */
export function createLiveFeedSource(
  context: SourceContext,
  options: { readonly socketPath: string },
): LiveSource {
  const catchUp = createCatchUp(context);
  return new LiveFeedSource(context, options.socketPath, (pods) => new FeedPods(context, pods), catchUp);
}

/** What a feed lists. */
export type FeedContent = Pick<FeedPods, 'outage' | 'begin' | 'current' | 'apply' | 'heal'>;

/** A feed of whatever `makeContent` lists, for whoever shares it. */
export function serveFeed(
  context: SourceContext,
  options: {
    readonly socketPath: string;
    readonly makeContent: (options: FeedPodsOptions) => FeedContent;
  },
): LiveFeedSource {
  return new LiveFeedSource(context, options.socketPath, options.makeContent);
}

type FeedCall = ServerDuplexStream<FeedRequest, WirePodUpdate>;

/** A stream and how far its agent has come. */
interface Stream {
  readonly subscription: FeedSubscription;
  /** The last message, of whichever plan. */
  sentRevision: number;
  acknowledgedRevision: number;
  /** The last message of each plan, and when it was sent. */
  readonly sent: Map<SourceContext, { readonly revision: number; readonly atMs: number }>;
}

export class LiveFeedSource implements LiveSource {
  readonly kind = 'feed';
  private readonly pods: FeedContent;
  private readonly server = new Server();
  private streams: Stream[] = [];

  constructor(
    private readonly context: SourceContext,
    private readonly socketPath: string,
    makeContent: (options: FeedPodsOptions) => FeedContent,
    /** Of a feed that one plan has for itself: an agent that lost touch is waited for. */
    private readonly catchUp?: CatchUp,
  ) {
    this.pods = makeContent({
      epochMs: Date.now() - context.clock.now(),
      onChange: (change) => this.broadcast(change),
      onOutage: (isOut) => {
        this.catchUp?.restart();
        if (isOut) for (const { subscription } of this.openStreams()) subscription.breakAfter(0);
      },
    });
    this.server.addService(loadFeedProtocol().service, { Watch: (call: FeedCall) => this.accept(call) });
  }

  apply(step: Step): StepOutcome {
    return this.pods.apply(step);
  }

  heal(): void {
    this.pods.heal();
    this.catchUp?.restart();
  }

  /** Whether something of this plan's is on its way to some agent, waits to be acknowledged, or to be asked for. */
  busy(of: SourceContext = this.context): boolean {
    const nowMs = this.context.clock.now();
    if (this.catchUp?.isDue(this.pods.current().heldRevision) === true) return true;
    return this.openStreams().some(({ subscription, sent, acknowledgedRevision }) => {
      if (subscription.busy(of)) return true;
      const last = sent.get(of);
      return (
        last !== undefined && acknowledgedRevision < last.revision && nowMs - last.atMs < acknowledgementMs
      );
    });
  }

  /** Nothing of this plan's is to be waited for any more. */
  forget(of: SourceContext): void {
    for (const { sent } of this.streams) sent.delete(of);
  }

  /** Whether some agent was sent the list. */
  isDelivered(): boolean {
    return this.streams.some((stream) => stream.sentRevision > 0);
  }

  open(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.server.bindAsync(`unix:${this.socketPath}`, ServerCredentials.createInsecure(), (error) => {
        if (error !== null) {
          reject(socketUnusable(this.socketPath, error));
          return;
        }
        chmodSync(this.socketPath, 0o600);
        this.pods.begin();
        resolve(`unix://${this.socketPath}`);
      });
    });
  }

  async close(): Promise<void> {
    for (const { subscription } of this.streams) subscription.close();
    this.server.forceShutdown();
    rmSync(this.socketPath, { force: true });
  }

  private accept(call: FeedCall): void {
    let stream: Stream | undefined;
    call.on('data', (request: FeedRequest) => {
      if (stream !== undefined) {
        const revision = request.ack?.revision ?? 0;
        // An agent may acknowledge anything; only what was sent counts.
        stream.acknowledgedRevision = Math.max(
          stream.acknowledgedRevision,
          Math.min(revision, stream.sentRevision),
        );
      } else if (this.pods.outage) {
        refuse(call, status.UNAVAILABLE, 'the feed is out of service');
      } else if (request.subscribe === undefined) {
        refuse(call, status.INVALID_ARGUMENT, 'the first message of a stream is Subscribe');
      } else if (!['', this.context.nodeName].includes(request.subscribe.nodeName)) {
        refuse(call, status.INVALID_ARGUMENT, `this feed serves node ${this.context.nodeName} only`);
      } else {
        stream = this.subscribe(call);
      }
    });
    const gone = (): void => stream?.subscription.close();
    call.on('cancelled', gone);
    call.on('error', gone);
    call.on('end', () => {
      gone();
      call.end();
    });
  }

  private subscribe(call: FeedCall): Stream {
    const subscription = new FeedSubscription(this.context, {
      isOpen: () => !call.cancelled && !call.destroyed,
      deliver: (update, of, [share]) => {
        this.catchUp?.noteShown(share!.heldRevision);
        stream.sentRevision = update.revision;
        stream.sent.set(of, { revision: update.revision, atMs: this.context.clock.now() });
        call.write({ ...update, pods: update.pods.map((pod) => Buffer.from(JSON.stringify(pod))) });
      },
      end: () => this.cut(call, stream),
    });
    const stream: Stream = { subscription, sentRevision: 0, acknowledgedRevision: 0, sent: new Map() };
    this.streams = [...this.openStreams(), stream];
    subscription.send(this.pods.current());
    return stream;
  }

  /**
   * A status other than OK overtakes messages that the client has received and not yet read. What the journal
   * says was served is to arrive, so the cut waits until it is acknowledged, within a bound.
   */
  private cut(call: FeedCall, stream: Stream): void {
    const deadlineMs = this.context.clock.now() + cutMs;
    const attempt = (): void => {
      if (isAcknowledged(stream) || this.context.clock.now() >= deadlineMs) {
        refuse(call, status.UNAVAILABLE, 'the stream was cut');
      } else {
        this.context.clock.after(cutPollMs, attempt);
      }
    };
    attempt();
  }

  private broadcast(change: FeedChange): void {
    this.catchUp?.restart();
    if (this.pods.outage) return;
    for (const { subscription } of this.streams) subscription.send(change);
  }

  private openStreams(): Stream[] {
    return this.streams.filter(({ subscription }) => subscription.isOpen());
  }
}

function isAcknowledged(stream: Stream): boolean {
  return stream.acknowledgedRevision >= stream.sentRevision;
}

/** Ends the stream with a status. */
function refuse(call: FeedCall, code: status, details: string): void {
  call.emit('error', { code, details });
}

function socketUnusable(path: string, cause: Error): HarnessError {
  return new HarnessError({
    code: 'feed-socket-unusable',
    message: `The feed cannot listen on its socket: ${cause.message}.`,
    exitCode: ExitCode.unavailable,
    file: path,
    hint: 'The path has to be in a writable directory and shorter than 108 bytes.',
    cause,
  });
}
