import { credentials, status, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRealClock, type Clock } from '../../core/clock.js';
import { createFeedPort } from '../../drivers/agent-ports/feed-port.js';
import type { LiveSource } from '../../ports/source.js';
import { createTestContext, step, type TestContext } from '../testing/test-context.js';
import { loadFeedProtocol, type FeedRequest, type WirePodUpdate } from './feed-protocol.js';
import { createLiveFeedSource } from './live-feed-source.js';

let directory: string;
let context: TestContext<Clock>;
let source: LiveSource;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'conformance-feed-'));
  context = createTestContext(createRealClock());
  source = createLiveFeedSource(context, { socketPath: join(directory, 'feed.sock') });
});
afterEach(async () => {
  await source.close();
  rmSync(directory, { recursive: true });
});

/** The status of a stream whose first message this is. */
async function statusOf(endpoint: string, first: FeedRequest): Promise<number> {
  const client = new (loadFeedProtocol())(endpoint, credentials.createInsecure());
  const call = client['Watch']!() as ClientDuplexStream<FeedRequest, WirePodUpdate>;
  call.write(first);
  const code = await new Promise<number>((resolve) => {
    call.on('error', (error: ServiceError) => resolve(error.code));
    call.on('data', () => {
      call.cancel();
      resolve(status.OK);
    });
  });
  client.close();
  return code;
}

describe('live feed', () => {
  it('listens on a socket of its owner alone, and removes it', async () => {
    const endpoint = await source.open();
    const path = endpoint.slice('unix://'.length);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await source.close();
    expect(existsSync(path)).toBe(false);
  });

  it('serves its own node only, after Subscribe', async () => {
    const endpoint = await source.open();
    expect(await statusOf(endpoint, { subscribe: { nodeName: 'node-1' } })).toBe(status.OK);
    expect(await statusOf(endpoint, { subscribe: { nodeName: '' } })).toBe(status.OK);
    expect(await statusOf(endpoint, { subscribe: { nodeName: 'other' } })).toBe(status.INVALID_ARGUMENT);
    expect(await statusOf(endpoint, { ack: { revision: 1 } })).toBe(status.INVALID_ARGUMENT);
  });

  it('loses nothing that it served before it cuts a stream', async () => {
    const port = createFeedPort(await source.open());
    const revisions: number[] = [];
    context.faults.set(102, { effect: 'reset' });
    source.apply(step({ do: 'add', source: 'feed', pod: 0, spec: 0 }));
    await new Promise<void>((resolve) => {
      const subscription = port.subscribe((update) => {
        revisions.push(update.revision);
        subscription.acknowledge(update.revision);
        if (update.revision > 1) return;
        for (let count = 0; count < 101; count++) {
          source.apply(step({ do: 'redeliver', source: 'feed', pod: 0 }));
        }
      }, resolve);
    });
    port.close();
    expect(revisions).toEqual(Array.from({ length: 101 }, (_, index) => index + 1));
    expect(context.served()).toHaveLength(101);
  });

  it('says what is wrong with a socket that it cannot have', async () => {
    const socketPath = join(directory, 'missing', 'feed.sock');
    const unusable = createLiveFeedSource(context, { socketPath });
    await expect(unusable.open()).rejects.toMatchObject({ code: 'feed-socket-unusable', file: socketPath });
  });
});
