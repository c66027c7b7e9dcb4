import { credentials, type ClientDuplexStream } from '@grpc/grpc-js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRealClock, type Clock } from '../../core/clock.js';
import type { SharedSource, SourcePart } from '../../ports/source.js';
import type { Pod } from '../../spec/pod.js';
import { createTestContext, step, type TestContext } from '../testing/test-context.js';
import { loadFeedProtocol, type FeedRequest, type WirePodUpdate } from './feed-protocol.js';
import { createSharedFeedSource } from './shared-feed-source.js';

let directory: string;
let source: SharedSource;
let endpoint: string;
const closings: (() => void)[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'conformance-feed-'));
  source = createSharedFeedSource({
    socketPath: join(directory, 'feed.sock'),
    nodeName: 'node-1',
    clock: createRealClock(),
  });
  endpoint = await source.open();
});
afterEach(async () => {
  for (const close of closings.splice(0)) close();
  await source.close();
  rmSync(directory, { recursive: true });
});

interface Lane {
  readonly part: SourcePart;
  readonly context: TestContext<Clock>;
}

/** A plan's part, whose pods are those of the test context in a namespace of their own. */
function joinAs(name: string): Lane {
  const plain = createTestContext(createRealClock());
  const pods = plain.pods.map((pod) => ({
    ...pod,
    identity: { ...pod.identity, namespace: `default-${name}` },
  }));
  const context = { ...plain, pods };
  const part = source.join(context, {
    ending: `-${name}`,
    fileName: (file) => file,
  });
  return { part, context };
}

interface Agent {
  /** The names with namespaces of all pods that it was told of and that were not removed, in order. */
  listed(): string[];
  /** Types of the messages so far. */
  readonly types: string[];
}

/** An agent that keeps its list as the protocol says, and acknowledges at once unless told otherwise. */
function subscribe(acknowledges = true): Agent {
  const client = new (loadFeedProtocol())(endpoint, credentials.createInsecure());
  const call = client['Watch']!() as ClientDuplexStream<FeedRequest, WirePodUpdate>;
  const pods = new Map<string, string>();
  const types: string[] = [];
  call.on('error', () => {});
  call.on('data', (update: WirePodUpdate) => {
    types.push(String(update.type));
    if (update.type === 'SNAPSHOT') pods.clear();
    for (const bytes of update.pods) {
      const { metadata } = JSON.parse(Buffer.from(bytes).toString()) as Pod;
      if (update.type === 'REMOVE') pods.delete(metadata.uid!);
      else pods.set(metadata.uid!, `${metadata.namespace}/${metadata.name}`);
    }
    if (acknowledges) call.write({ ack: { revision: update.revision } });
  });
  call.write({ subscribe: { nodeName: 'node-1' } });
  closings.push(() => {
    call.cancel();
    client.close();
  });
  return { listed: () => [...pods.values()].sort(), types };
}

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 5_000;
  while (!holds() && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
}

const add = (pod: number) => step({ do: 'add', source: 'feed', pod, spec: 0 });

describe('a feed that plans share', () => {
  it('tells the agent the pods of all, and each plan its own', async () => {
    const [one, two] = [joinAs('one'), joinAs('two')];
    one.part.apply(add(0));
    const agent = subscribe();
    await until(() => agent.types.length === 1);
    two.part.apply(add(0));
    await until(() => agent.listed().length === 2);
    expect(agent.listed()).toEqual(['default-one/web', 'default-two/web']);
    expect(one.context.served().map(({ outcome, pods }) => [outcome, pods?.length])).toEqual([['list', 1]]);
    expect(two.context.served().map(({ outcome, pods }) => [outcome, pods?.length])).toEqual([
      ['list', 0],
      ['change', 1],
    ]);
  });

  it('keeps the pods of others in a list that one plan delivers again', async () => {
    const [one, two] = [joinAs('one'), joinAs('two')];
    const agent = subscribe();
    one.part.apply(add(0));
    two.part.apply(add(0));
    await until(() => agent.listed().length === 2);
    one.part.apply(step({ do: 'redeliver', source: 'feed' }));
    await until(() => agent.types.filter((type) => type === 'SNAPSHOT').length === 2);
    expect(agent.listed()).toEqual(['default-one/web', 'default-two/web']);
    for (const { context } of [one, two]) {
      const last = context.served().at(-1)!;
      expect(last.outcome).toBe('list');
      expect(last.pods?.map(({ metadata }) => metadata.namespace)).toEqual([
        context.pods[0]!.identity.namespace,
      ]);
      expect(last.revision).toBe(context.held().at(-1)!.revision);
    }
  });

  it('shows with a list the revision that it had when it was sent', async () => {
    const [one, two] = [joinAs('one'), joinAs('two')];
    const agent = subscribe();
    two.part.apply(add(0));
    await until(() => agent.listed().length === 1);
    const before = two.context.held().at(-1)!.revision;
    one.part.apply(step({ do: 'redeliver', source: 'feed' }));
    two.part.apply(add(1));
    await until(() => agent.listed().length === 2);
    const [list, change] = two.context.served().slice(-2);
    expect([list!.outcome, list!.revision, list!.pods?.length]).toEqual(['list', before, 1]);
    expect([change!.outcome, change!.revision]).toEqual(['change', before! + 1]);
  });

  it('waits for what is on its way to one plan, also behind what another holds back', async () => {
    const [one, two] = [joinAs('one'), joinAs('two')];
    const agent = subscribe();
    await until(() => agent.types.length === 1);
    one.context.deliveryDelaysMs.set(1, 1_500);
    one.part.apply(add(0));
    two.part.apply(add(0));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(agent.listed()).toEqual([]);
    expect(two.part.busy()).toBe(true);
    await until(() => agent.listed().length === 2 && !two.part.busy() && !one.part.busy());
  });

  it('does not let a plan wait for an acknowledgement of what another was sent', async () => {
    const [one, two] = [joinAs('one'), joinAs('two')];
    const agent = subscribe(false);
    await until(() => agent.types.length === 1);
    one.part.apply(add(0));
    await until(() => agent.listed().length === 1);
    expect(one.part.busy()).toBe(true);
    expect(two.part.busy()).toBe(false);
  });

  it('takes the pods of a plan that leaves out of the list, and no others', async () => {
    const [one, two] = [joinAs('one'), joinAs('two')];
    const agent = subscribe();
    for (const { part } of [one, two]) part.apply(add(0));
    await until(() => agent.listed().length === 2);
    one.part.leave();
    await until(() => agent.listed().length === 1);
    expect(agent.listed()).toEqual(['default-two/web']);
    const later = subscribe();
    await until(() => later.types.length === 1);
    expect(later.listed()).toEqual(['default-two/web']);
  });
});
