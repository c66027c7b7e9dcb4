import { describe, expect, it } from 'vitest';
import type { FeedPort, FeedUpdate } from '../../ports/agent.js';
import { podOf } from '../../spec/manifest.js';
import { advance, createLife, createTestContext, step, testPods } from '../testing/test-context.js';
import { createSimFeedSource } from './sim-feed-source.js';

const webUid = 'feed0000-0000-4000-8000-000000000000';
const web = podOf(testPods[0]!, 0, webUid);
const addWeb = step({ do: 'add', source: 'feed', pod: 0, spec: 0 });

function setUp() {
  const context = createTestContext();
  const source = createSimFeedSource(context);
  const life = createLife();
  return { context, source, life, ...listen(source.port(life)) };
}

function listen(port: FeedPort) {
  const updates: FeedUpdate[] = [];
  const state = { ends: 0 };
  const subscribe = () =>
    port.subscribe(
      (update) => updates.push(update),
      () => state.ends++,
    );
  return { updates, state, subscribe };
}

describe('sim feed source', () => {
  it('sends a snapshot first and then each change, numbered', async () => {
    const { context, source, updates, subscribe } = setUp();
    source.apply(addWeb);
    subscribe();
    source.apply(step({ do: 'add', source: 'feed', pod: 1, spec: 0 }));
    source.apply(step({ do: 'update', source: 'feed', pod: 0, spec: 1 }));
    source.apply(step({ do: 'remove', source: 'feed', pod: 1 }));
    await advance(context.clock, 10);
    const db = podOf(testPods[1]!, 0);
    expect(updates).toEqual([
      { revision: 1, type: 'SNAPSHOT', pods: [web] },
      { revision: 2, type: 'ADD', pods: [db] },
      { revision: 3, type: 'UPDATE', pods: [podOf(testPods[0]!, 1, webUid)] },
      { revision: 4, type: 'REMOVE', pods: [db] },
    ]);
    expect(context.served().map((served) => [served.outcome, served.change, served.revision])).toEqual([
      ['list', undefined, 2],
      ['change', 'added', 3],
      ['change', 'modified', 4],
      ['change', 'deleted', 5],
    ]);
  });

  it('keeps a deleted pod listed with its timestamp until heal, and only shortens its grace', async () => {
    const { context, source, updates, subscribe } = setUp();
    source.apply(addWeb);
    subscribe();
    expect(source.apply(step({ do: 'delete', source: 'feed', pod: 0, graceS: 10 })).applied).toBe(true);
    expect(source.apply(step({ do: 'delete', source: 'feed', pod: 0, graceS: 10 })).applied).toBe(false);
    expect(source.apply(step({ do: 'delete', source: 'feed', pod: 0, graceS: 3 })).applied).toBe(true);
    source.apply(step({ do: 'update', source: 'feed', pod: 0, spec: 1 }));
    expect(context.held().at(-1)!.pods[0]!.metadata).toMatchObject({
      deletionTimestamp: '2026-01-01T00:00:03Z',
      deletionGracePeriodSeconds: 3,
    });
    source.heal();
    await advance(context.clock, 10);
    expect(updates.map((update) => update.type)).toEqual([
      'SNAPSHOT',
      'DELETE',
      'DELETE',
      'UPDATE',
      'REMOVE',
    ]);
    expect(context.held().at(-1)!.pods).toEqual([]);
  });

  it('delivers again without a new state', async () => {
    const { context, source, updates, subscribe } = setUp();
    source.apply(addWeb);
    subscribe();
    source.apply(step({ do: 'redeliver', source: 'feed', pod: 0 }));
    source.apply(step({ do: 'redeliver', source: 'feed' }));
    await advance(context.clock, 10);
    expect(updates.map((update) => update.type)).toEqual(['SNAPSHOT', 'UPDATE', 'SNAPSHOT']);
    expect(context.held()).toHaveLength(2);
  });

  it('holds every UID once', () => {
    const { source } = setUp();
    source.apply(addWeb);
    expect(source.apply(addWeb).applied).toBe(false);
    const duplicate = { do: 'duplicate', source: 'feed', pod: 0, spec: 1 } as const;
    expect(source.apply(step({ ...duplicate, uid: webUid })).applied).toBe(false);
    expect(source.apply(step(duplicate)).applied).toBe(true);
    expect(source.apply(step({ do: 'reformat', source: 'feed', pod: 0, form: {} })).applied).toBe(false);
  });

  it('keeps the order of messages when one is late, doubles one, and breaks before another', async () => {
    const { context, source, updates, state, subscribe } = setUp();
    subscribe();
    context.faults.set(2, { effect: 'delay', ms: 300 });
    context.faults.set(3, { effect: 'duplicate' });
    context.faults.set(4, { effect: 'reset' });
    source.apply(addWeb);
    source.apply(step({ do: 'update', source: 'feed', pod: 0, spec: 1 }));
    source.apply(step({ do: 'update', source: 'feed', pod: 0, spec: 2 }));
    await advance(context.clock, 100);
    expect(updates).toHaveLength(1);
    expect(source.busy()).toBe(true);
    await advance(context.clock, 300);
    expect(updates.map((update) => update.revision)).toEqual([1, 2, 3, 3]);
    expect([state.ends, source.busy(), context.served().length]).toEqual([1, false, 4]);
    subscribe();
    await advance(context.clock, 10);
    expect(updates.at(-1)).toMatchObject({
      revision: 1,
      type: 'SNAPSHOT',
      pods: [{ metadata: { uid: webUid } }],
    });
  });

  it('breaks and refuses streams in an outage', async () => {
    const { context, source, updates, state, subscribe } = setUp();
    subscribe();
    await advance(context.clock, 10);
    source.apply(step({ do: 'outage', source: 'feed', phase: 'begin' }));
    source.apply(addWeb);
    await advance(context.clock, 10);
    subscribe();
    await advance(context.clock, 10);
    expect([state.ends, updates.length]).toEqual([2, 1]);
    source.heal();
    subscribe();
    await advance(context.clock, 10);
    expect(updates.at(-1)).toMatchObject({ type: 'SNAPSHOT', pods: [{ metadata: { uid: webUid } }] });
  });

  it('reaches neither closed subscriptions nor lives that have ended', async () => {
    const { context, source, life, updates, state, subscribe } = setUp();
    subscribe().close();
    subscribe();
    life.alive = false;
    await advance(context.clock, 10);
    source.apply(step({ do: 'outage', source: 'feed', phase: 'begin' }));
    await advance(context.clock, 10);
    expect([updates.length, state.ends, context.served().length]).toEqual([0, 0, 0]);
  });
});
