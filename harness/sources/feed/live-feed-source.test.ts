import { credentials, status, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRealClock, type Clock } from '../../core/clock.js';
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

  it('cuts a stream after a slow agent has read what was served', async () => {
    const client = new (loadFeedProtocol())(await source.open(), credentials.createInsecure());
    const call = client['Watch']!() as ClientDuplexStream<FeedRequest, WirePodUpdate>;
    const seen: (number | string)[] = [];
    context.faults.set(3, { effect: 'reset' });
    call.write({ subscribe: { nodeName: 'node-1' } });
    await new Promise<void>((resolve) => {
      call.on('data', ({ revision }: WirePodUpdate) => {
        seen.push(revision);
        call.write({ ack: { revision } });
        if (revision > 1) return;
        call.pause();
        setTimeout(() => call.resume(), 50);
        for (const pod of [0, 1]) source.apply(step({ do: 'add', source: 'feed', pod, spec: 0 }));
      });
      call.on('error', (error: ServiceError) => {
        seen.push(status[error.code]);
        resolve();
      });
    });
    client.close();
    expect(seen).toEqual([1, 2, 'UNAVAILABLE']);
  });

  it('says what is wrong with a socket that it cannot have', async () => {
    const socketPath = join(directory, 'missing', 'feed.sock');
    const unusable = createLiveFeedSource(context, { socketPath });
    await expect(unusable.open()).rejects.toMatchObject({ code: 'feed-socket-unusable', file: socketPath });
  });
});
