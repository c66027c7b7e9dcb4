import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createRealClock } from '../../core/clock.js';
import { createPrng } from '../../core/prng.js';
import { createApiPort } from '../../drivers/agent-ports/api-port.js';
import type { ApiPort, ApiPortRequest } from '../../ports/agent.js';
import type { Source } from '../../ports/source.js';
import type { Step } from '../../spec/plan.js';
import type { Pod } from '../../spec/pod.js';
import { createInformer } from '../testing/informer.js';
import { advance, createLife, createTestContext, step, type TestContext } from '../testing/test-context.js';
import { createLiveApiSource } from './live-api-source.js';
import { createSimApiSource } from './sim-api-source.js';

/** One world, as the cases below see it. */
interface World {
  readonly context: TestContext<never>;
  readonly source: Source;
  readonly port: ApiPort;
  /** Lets time pass until the condition holds, at most five seconds. */
  until(condition: () => boolean): Promise<void>;
  after(ms: number, run: () => void): void;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function simWorld(): Promise<World> {
  const context = createTestContext();
  const source = createSimApiSource(context);
  return {
    context: context as unknown as TestContext<never>,
    source,
    port: source.port(createLife()),
    async until(condition) {
      for (let ms = 0; ms < 5_000 && !condition(); ms++) await advance(context.clock, 1);
      if (!condition()) throw new Error('the condition did not come true');
    },
    after: (ms, run) => void context.clock.after(ms, run),
  };
}

async function liveWorld(): Promise<World> {
  const context = createTestContext(createRealClock());
  const directory = mkdtempSync(join(tmpdir(), 'api-contract-'));
  const source = createLiveApiSource(context, { directory });
  const kubeconfig = await source.open();
  expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
  closers.push(async () => {
    await source.close();
    expect(existsSync(kubeconfig)).toBe(false);
    rmSync(directory, { recursive: true });
  });
  return {
    context: context as unknown as TestContext<never>,
    source,
    port: createApiPort(kubeconfig),
    async until(condition) {
      const endMs = Date.now() + 5_000;
      while (!condition() && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 5));
      if (!condition()) throw new Error('the condition did not come true');
    },
    after: (ms, run) => void setTimeout(run, ms),
  };
}

const fieldSelector = 'spec.nodeName=node-1';
const podPath = '/api/v1/namespaces/default/pods/db';

describe.each([
  ['sim', simWorld],
  ['live', liveWorld],
] as const)('the API port in %s', (_name, createWorld) => {
  /** The answer, or the code of the error. */
  async function ask(world: World, request: ApiPortRequest) {
    let ending: { status?: number; body?: unknown; code?: string } | undefined;
    world.port.request(request).then(
      (answer) => (ending = answer),
      (error: { code?: string }) => (ending = { code: error.code ?? 'none' }),
    );
    await world.until(() => ending !== undefined);
    return ending!;
  }

  const add = (world: World, pod: number) =>
    world.source.apply(step({ do: 'add', source: 'api', pod, spec: 0 }));

  test('reads, patches and deletes objects', async () => {
    const world = await createWorld();
    add(world, 1);
    const got = await ask(world, { method: 'GET', path: podPath });
    expect(got).toMatchObject({ status: 200, body: { metadata: { name: 'db' } } });
    const patch = {
      method: 'PATCH',
      path: `${podPath}/status`,
      contentType: 'application/strategic-merge-patch+json',
    } as const;
    const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
    await ask(world, {
      ...patch,
      body: { status: { conditions: [{ type: 'Initialized', status: 'True' }] } },
    });
    const after = await ask(world, { ...patch, body: { status: ready } });
    expect((after.body as Pod).status!.conditions!.map((condition) => condition.type)).toEqual([
      'Initialized',
      'Ready',
    ]);
    const node = await ask(world, { method: 'GET', path: '/api/v1/nodes/node-1' });
    expect(node).toMatchObject({ status: 200, body: { kind: 'Node' } });
    expect((await ask(world, { ...patch, contentType: 'text/plain', body: {} })).status).toBe(415);
    expect((await ask(world, { method: 'DELETE', path: podPath })).body).toMatchObject({
      metadata: { deletionGracePeriodSeconds: 5 },
    });
    const options = { gracePeriodSeconds: 0 };
    expect((await ask(world, { method: 'DELETE', path: podPath, body: options })).status).toBe(200);
    const gone = await ask(world, { method: 'GET', path: podPath });
    expect(gone).toMatchObject({ status: 404, body: { kind: 'Status', reason: 'NotFound', code: 404 } });
    expect((await ask(world, { method: 'GET', path: '/api/v1/nothing' })).status).toBe(404);
  });

  test('journals requests and what was served alike', async () => {
    const world = await createWorld();
    add(world, 0);
    const listed = await ask(world, { method: 'GET', path: '/api/v1/pods', query: { fieldSelector } });
    const { resourceVersion } = (listed.body as { metadata: { resourceVersion: string } }).metadata;
    const seen: string[] = [];
    const watching = world.port.watch(
      { path: '/api/v1/pods', query: { fieldSelector, resourceVersion } },
      (event) => seen.push(event.type),
      () => seen.push('end'),
    );
    await world.until(() => world.context.journal.events.some(isWatch));
    add(world, 1);
    await world.until(() => seen.length === 1);
    world.source.apply(step({ do: 'watch', how: 'close' }));
    await world.until(() => seen.length === 2);
    watching.close();
    expect(seen).toEqual(['ADDED', 'end']);
    const kinds = world.context.journal.events.map((event) => event.kind);
    expect(kinds).toEqual([
      'source.held',
      'source.held',
      'api.request',
      'source.served',
      'api.request',
      'source.held',
      'source.served',
    ]);
    const [list, change] = world.context.served();
    expect(list).toMatchObject({ outcome: 'list', pods: [{ metadata: { name: 'web' } }] });
    expect(change).toMatchObject({
      outcome: 'change',
      change: 'added',
      pods: [{ metadata: { name: 'db' } }],
    });
  });

  test.each([
    ['status', { status: 429 }, { status: 429 }],
    ['reset', {}, { code: 'ECONNRESET' }],
    ['lostReply', {}, { code: 'ECONNRESET' }],
    ['malformed', {}, { code: 'ERR_UNDECODABLE' }],
    ['halfWritten', {}, { code: 'ERR_UNDECODABLE' }],
    ['empty', {}, { code: 'ERR_UNDECODABLE' }],
    ['delay', { ms: 50 }, { status: 200 }],
  ] as const)('a list hit by %s fails as told, and the next one works', async (effect, parts, expected) => {
    const world = await createWorld();
    world.context.faults.set(1, { effect, ...parts });
    const list = { method: 'GET', path: '/api/v1/pods', query: { fieldSelector } } as const;
    expect(await ask(world, list)).toMatchObject(expected);
    const outcome = effect === 'delay' ? 'list' : 'error';
    expect(world.context.served().map((event) => event.outcome)).toEqual([outcome]);
    expect((await ask(world, list)).status).toBe(200);
  });

  test('a watch that is refused ends with the status, one that is reset with 0', async () => {
    const world = await createWorld();
    world.context.faults.set(1, { effect: 'status', status: 503 }).set(2, { effect: 'reset' });
    const ends: number[] = [];
    for (let index = 0; index < 2; index++) {
      world.port.watch(
        { path: '/api/v1/pods', query: { fieldSelector } },
        () => {},
        (status) => ends.push(status),
      );
      await world.until(() => ends.length === index + 1);
    }
    expect(ends).toEqual([503, 0]);
  });

  test('an outage cuts and refuses; the end of it lets everyone in again', async () => {
    const world = await createWorld();
    const ends: number[] = [];
    world.port.watch({ path: '/api/v1/pods', query: { fieldSelector } }, () => {}, ends.push.bind(ends));
    await world.until(() => world.context.journal.events.some(isWatch));
    world.source.apply(step({ do: 'outage', source: 'api', phase: 'begin' }));
    await world.until(() => ends.length === 1);
    const read = { method: 'GET', path: podPath } as const;
    expect((await ask(world, read)).code).toMatch(/ECONN(REFUSED|RESET)/);
    world.source.apply(step({ do: 'outage', source: 'api', phase: 'end' }));
    expect([(await ask(world, read)).status, ends]).toEqual([404, [0]]);
  });

  test.each(['a', 'b', 'c'])('an informer has what is held, whatever its watches met (%s)', async (seed) => {
    const world = await createWorld();
    const { source, context } = world;
    const informer = createInformer(world.port, { nodeName: 'node-1', after: world.after });
    const prng = createPrng(`informer ${seed}`);
    for (let round = 0; round < 150; round++) {
      source.apply(randomStep(prng.int(0, 9), prng.int(0, 2), round));
      if (prng.int(0, 2) === 0) await pause(world, prng.int(1, 40));
    }
    source.heal();
    const held = () =>
      context
        .held()
        .at(-1)!
        .pods.map((pod) => `${pod.metadata.uid} ${pod.metadata.deletionTimestamp !== undefined}`)
        .toSorted();
    await world.until(() => !source.busy() && informer.pods.size === held().length);
    await pause(world, 100);
    expect([...informer.pods.keys()].toSorted()).toEqual(held().map((line) => line.split(' ')[0]));
    expect(informer.lists()).toBeGreaterThan(3);
    expect(shownAtTheEnd(context)).toEqual(held());
    informer.close();
  });
});

function pause(world: World, ms: number): Promise<void> {
  let isOver = false;
  world.after(ms, () => (isOver = true));
  return world.until(() => isOver);
}

const isWatch = (event: { kind: string; verb?: string }): boolean =>
  event.kind === 'api.request' && event.verb === 'watch';

function randomStep(choice: number, pod: number, round: number): Step {
  const source = 'api';
  switch (choice) {
    case 0:
    case 1:
    case 2:
      return step({ do: 'add', source, pod, spec: round % 3 });
    case 3:
      return step({ do: 'update', source, pod, spec: round % 3 });
    case 4:
      return step({ do: 'remove', source, pod });
    case 5:
      return step({ do: 'delete', source, pod, graceS: 3 });
    case 6:
      return step({ do: 'outage', source, phase: round % 3 === 0 ? 'begin' : 'end' });
    case 7:
      return step({ do: 'watch', how: 'gone' });
    case 8:
      return step({ do: 'watch', how: (['close', 'compact', 'reorder'] as const)[round % 3]! });
    default:
      return step({ do: 'redeliver', source });
  }
}

/** What an agent that believes every `source.served` knows in the end. */
function shownAtTheEnd(context: Pick<TestContext, 'served'>): string[] {
  const pods = new Map<string, boolean>();
  for (const event of context.served()) {
    if (event.outcome === 'list') pods.clear();
    for (const { metadata } of event.pods ?? []) {
      if (event.change === 'deleted') pods.delete(metadata.uid!);
      else pods.set(metadata.uid!, metadata.deletionTimestamp !== undefined);
    }
  }
  return [...pods].map(([uid, isDeleting]) => `${uid} ${isDeleting}`).toSorted();
}
