import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FeedPort, FeedUpdate } from '../../ports/agent.js';
import { podOf } from '../../spec/manifest.js';
import { step, testPods } from '../testing/test-context.js';
import { until, type CreateSourceWorld, type SourceWorld } from './source-world.js';

const db = podOf(testPods[1]!, 0);
const addDb = step({ do: 'add', source: 'feed', pod: 1, spec: 0 });
const updateDb = (spec: number) => step({ do: 'update', source: 'feed', pod: 1, spec });

/** What an agent may rely on at a feed, whatever the world. */
export function feedContract(create: CreateSourceWorld<FeedPort>): void {
  let world: SourceWorld<FeedPort>;
  let updates: FeedUpdate[];
  /** An object, so that a stream that outlives its test counts for nobody. */
  let state: { ends: number };
  beforeEach(async () => {
    world = await create();
    updates = [];
    state = { ends: 0 };
  });
  afterEach(() => world.close());

  /** An agent that acknowledges what it gets. */
  const subscribe = () => {
    const mine = { updates, state };
    const subscription = world.port.subscribe(
      (update) => {
        mine.updates.push(update);
        subscription.acknowledge(update.revision);
      },
      () => mine.state.ends++,
    );
    return subscription;
  };

  it('sends a snapshot, then each change in order, as journalled', async () => {
    subscribe();
    await until(world, () => updates.length === 1);
    world.source.apply(addDb);
    world.source.apply(updateDb(1));
    world.source.apply(step({ do: 'delete', source: 'feed', pod: 1, graceS: 1 }));
    world.source.apply(step({ do: 'remove', source: 'feed', pod: 1 }));
    await until(world, () => updates.length === 5 && !world.source.busy());
    expect(updates.map(({ revision, type }) => [revision, type])).toEqual([
      [1, 'SNAPSHOT'],
      [2, 'ADD'],
      [3, 'UPDATE'],
      [4, 'DELETE'],
      [5, 'REMOVE'],
    ]);
    expect(updates[1]!.pods).toEqual([db]);
    expect(world.context.served().map((served) => served.pods)).toEqual(updates.map((update) => update.pods));
    const deletion = updates[3]!.pods[0]!.metadata;
    expect(deletion.deletionGracePeriodSeconds).toBe(1);
    expect(deletion.deletionTimestamp).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('is busy while a message is late, and keeps its order', async () => {
    subscribe();
    await until(world, () => updates.length === 1);
    world.context.faults.set(2, { effect: 'delay', ms: 100 });
    world.source.apply(addDb);
    world.source.apply(updateDb(1));
    await world.pass(30);
    expect([updates.length, world.source.busy()]).toEqual([1, true]);
    await until(world, () => updates.length === 3 && !world.source.busy());
    expect(updates.map((update) => update.type)).toEqual(['SNAPSHOT', 'ADD', 'UPDATE']);
  });

  it('doubles one message and breaks before another; a new subscription knows all', async () => {
    subscribe();
    world.context.faults.set(2, { effect: 'duplicate' });
    world.context.faults.set(3, { effect: 'reset' });
    await until(world, () => updates.length === 1);
    world.source.apply(addDb);
    world.source.apply(updateDb(1));
    await until(world, () => state.ends === 1);
    expect(updates.map((update) => update.revision)).toEqual([1, 2, 2]);
    subscribe();
    await until(world, () => updates.length === 4);
    expect(updates[3]).toEqual({ revision: 1, type: 'SNAPSHOT', pods: [podOf(testPods[1]!, 1)] });
  });

  it('breaks and refuses streams in an outage', async () => {
    subscribe();
    await until(world, () => updates.length === 1);
    world.source.apply(step({ do: 'outage', source: 'feed', phase: 'begin' }));
    await until(world, () => state.ends === 1);
    world.source.apply(addDb);
    subscribe();
    await until(world, () => state.ends === 2);
    expect(updates).toHaveLength(1);
    world.source.heal();
    subscribe();
    await until(world, () => updates.length === 2);
    expect(updates[1]).toEqual({ revision: 1, type: 'SNAPSHOT', pods: [db] });
  });

  it('sends nothing more after close, and does not call that an end', async () => {
    const subscription = subscribe();
    await until(world, () => updates.length === 1);
    subscription.close();
    world.source.apply(addDb);
    await world.pass(50);
    expect([updates.length, state.ends]).toEqual([1, 0]);
  });
}
