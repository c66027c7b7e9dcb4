import { afterEach, beforeEach, expect, it } from 'vitest';
import type { HttpPort } from '../../ports/agent.js';
import { podOf } from '../../spec/manifest.js';
import { decodeManifest } from '../manifest-text.js';
import { step, testPods } from '../testing/test-context.js';
import { until, type CreateSourceWorld, type SourceWorld } from './source-world.js';

const web = podOf(testPods[0]!, 0);
const db = podOf(testPods[1]!, 0);
const add = (pod: number) => step({ do: 'add', source: 'http', pod, spec: 0 });

/** What an agent may rely on at a manifest URL, whatever the world. */
export function httpContract(create: CreateSourceWorld<HttpPort>): void {
  let world: SourceWorld<HttpPort>;
  beforeEach(async () => {
    world = await create();
  });
  afterEach(() => world.close());

  const get = (timeoutMs = 400): ReturnType<HttpPort['get']> =>
    world.settle(world.port.get({ timeoutMs, maxBytes: 10 * 1024 * 1024 }));
  const served = () => world.context.served();

  it('answers nothing, a pod, and lists, and journals each once', async () => {
    expect(await get()).toEqual({ status: 200, body: '' });
    world.source.apply(add(0));
    expect(decodeManifest((await get()).body)).toEqual({ pods: [web], valid: true });
    await get();
    world.source.apply(add(1));
    expect(decodeManifest((await get()).body)).toEqual({ pods: [web, db], valid: true });
    expect(served().map(({ outcome, revision, pods }) => [outcome, revision, pods])).toEqual([
      ['list', 1, []],
      ['list', 2, [web]],
      ['list', 3, [web, db]],
    ]);
  });

  it('answers the statuses and bodies that the plan says', async () => {
    world.source.apply(add(0));
    world.context.faults.set(1, { effect: 'status', status: 503 });
    world.context.faults.set(2, { effect: 'status', status: 304 });
    world.context.faults.set(3, { effect: 'malformed' });
    world.context.faults.set(4, { effect: 'halfWritten' });
    world.context.faults.set(5, { effect: 'empty' });
    expect((await get()).status).toBe(503);
    expect((await get()).status).toBe(304);
    expect(decodeManifest((await get()).body).valid).toBe(false);
    expect(decodeManifest((await get()).body).valid).toBe(false);
    expect(await get()).toEqual({ status: 200, body: '' });
    expect(served().map(({ outcome, detail }) => detail ?? outcome)).toEqual([
      'status 503',
      'status 304',
      'undecodable',
      'undecodable',
      'list',
    ]);
  });

  it('answers a status with the body that the plan says, which may be a valid document', async () => {
    world.source.apply(add(0));
    world.context.faults.set(1, { effect: 'status', status: 404, body: 'emptyList' });
    world.context.faults.set(2, { effect: 'status', status: 206, body: 'empty' });
    world.context.faults.set(3, { effect: 'status', status: 204, body: 'emptyList' });
    const answer = await get();
    expect(answer.status).toBe(404);
    expect(decodeManifest(answer.body)).toEqual({ pods: [], valid: true });
    expect(await get()).toEqual({ status: 206, body: '' });
    // Such an answer has no body.
    expect(await get()).toEqual({ status: 204, body: '' });
    expect(served().map(({ outcome, detail }) => detail ?? outcome)).toEqual([
      'status 404',
      'status 206',
      'status 204',
    ]);
  });

  it('shows whoever reads more than agents have to a valid document without pods', async () => {
    world.source.apply(add(0));
    world.context.faults.set(1, { effect: 'oversize' });
    const { body } = await world.settle(world.port.get({ timeoutMs: 4_000, maxBytes: 20 * 1024 * 1024 }));
    expect(body.length).toBeGreaterThan(10 * 1024 * 1024);
    expect(JSON.parse(body)).toMatchObject({ kind: 'PodList', items: [] });
    expect(served().map(({ detail }) => detail)).toEqual(['oversize']);
  });

  for (const effect of ['oversize', 'reset', 'hang'] as const) {
    it(`rejects on ${effect}, and answers the next`, async () => {
      world.source.apply(add(0));
      world.context.faults.set(1, { effect });
      await expect(get()).rejects.toThrow();
      await until(world, () => served().length === 1);
      expect(served()).toMatchObject([{ outcome: 'error' }]);
      expect(decodeManifest((await get()).body).pods).toEqual([web]);
      expect(world.source.busy()).toBe(false);
    });
  }

  it('answers late, with the document of before, and in time only', async () => {
    world.source.apply(add(0));
    world.context.faults.set(1, { effect: 'delay', ms: 100 });
    world.context.faults.set(2, { effect: 'delay', ms: 600 });
    const startMs = world.context.clock.now();
    const answer = world.settle(world.port.get({ timeoutMs: 1_000, maxBytes: 1_000_000 }));
    await until(world, () => world.source.busy());
    world.source.apply(step({ do: 'remove', source: 'http', pod: 0 }));
    expect(decodeManifest((await answer).body).pods).toEqual([web]);
    expect(world.context.clock.now() - startMs).toBeGreaterThanOrEqual(100);
    await expect(get(200)).rejects.toThrow();
    expect((await get()).body).toBe('');
  });

  it('serves the document of before when stale', async () => {
    world.source.apply(add(0));
    await world.pass(150);
    world.source.apply(step({ do: 'remove', source: 'http', pod: 0 }));
    world.context.faults.set(1, { effect: 'stale', ms: 100 });
    expect(decodeManifest((await get()).body).pods).toEqual([web]);
    expect(served()).toMatchObject([{ revision: 2, stale: true }]);
  });

  it('cannot be reached in an outage, and counts no polls then', async () => {
    world.context.faults.set(1, { effect: 'status', status: 404 });
    world.source.apply(step({ do: 'outage', source: 'http', phase: 'begin' }));
    await expect(get()).rejects.toThrow();
    expect(served().at(-1)).toMatchObject({ outcome: 'error', detail: 'connection refused' });
    world.source.apply(step({ do: 'outage', source: 'http', phase: 'end' }));
    expect((await get()).status).toBe(404);
    expect((await get()).status).toBe(200);
  });

  it('lets go of a hanging poll at heal', async () => {
    world.context.faults.set(1, { effect: 'hang' });
    const answer = world.settle(world.port.get({ timeoutMs: 30_000, maxBytes: 1_000 })).catch(() => 'cut');
    await until(world, () => world.source.busy());
    world.source.heal();
    expect(await answer).toBe('cut');
    await until(world, () => !world.source.busy());
    expect(world.context.clock.now()).toBeLessThan(5_000);
  });
}
