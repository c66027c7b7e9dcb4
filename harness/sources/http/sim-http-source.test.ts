import { describe, expect, it } from 'vitest';
import type { HttpPort } from '../../ports/agent.js';
import { podOf } from '../../spec/manifest.js';
import { decodeManifest } from '../manifest-text.js';
import {
  advance,
  createLife,
  createTestContext,
  settleOn,
  step,
  testPods,
  type TestContext,
} from '../testing/test-context.js';
import { createSimHttpSource } from './sim-http-source.js';

const options = { timeoutMs: 10_000, maxBytes: 10 * 1024 * 1024 };
const addWeb = step({ do: 'add', source: 'http', pod: 0, spec: 0 });
const web = podOf(testPods[0]!, 0);
const db = podOf(testPods[1]!, 0);

function setUp() {
  const context = createTestContext();
  const source = createSimHttpSource(context);
  const port = source.port(createLife());
  return { context, source, port };
}

function poll(context: TestContext, port: HttpPort): ReturnType<HttpPort['get']> {
  return settleOn(context.clock, port.get(options));
}

describe('sim HTTP source: the document', () => {
  it('is nothing, one pod, or a list', async () => {
    const { context, source, port } = setUp();
    expect(await poll(context, port)).toEqual({ status: 200, body: '' });
    source.apply(addWeb);
    const one = await poll(context, port);
    expect(one.body).toMatch(/^apiVersion: v1\nkind: Pod\n/);
    expect(decodeManifest(one.body).pods).toEqual([web]);
    source.apply(step({ do: 'add', source: 'http', pod: 1, spec: 0, form: { format: 'json', list: true } }));
    const two = await poll(context, port);
    expect(JSON.parse(two.body)).toMatchObject({ kind: 'PodList', items: [web, db] });
    source.apply(step({ do: 'remove', source: 'http', pod: 0 }));
    source.apply(step({ do: 'remove', source: 'http', pod: 1 }));
    expect(JSON.parse((await poll(context, port)).body)).toEqual({
      apiVersion: 'v1',
      kind: 'PodList',
      items: [],
    });
    expect(context.served().map(({ outcome, pods }) => [outcome, pods])).toEqual([
      ['list', []],
      ['list', [web]],
      ['list', [web, db]],
      ['list', []],
    ]);
  });

  it('lists duplicates, and removes the first entry first', async () => {
    const { context, source } = setUp();
    source.apply(addWeb);
    source.apply(step({ do: 'duplicate', source: 'http', pod: 0, spec: 1, uid: 'other' }));
    const other = podOf(testPods[0]!, 1, 'other');
    expect(context.held().at(-1)!.pods).toEqual([web, other]);
    source.apply(step({ do: 'remove', source: 'http', pod: 0 }));
    expect(context.held().at(-1)!.pods).toEqual([other]);
  });

  it('is garbage until the next change, or heal', async () => {
    const { context, source, port } = setUp();
    source.apply(addWeb);
    const good = (await poll(context, port)).body;
    for (const mend of [
      () => source.heal(),
      () => source.apply(step({ do: 'redeliver', source: 'http' })),
      () => source.apply(step({ do: 'update', source: 'http', pod: 0, spec: 0 })),
    ]) {
      source.apply(step({ do: 'malformed', source: 'http' }));
      expect(decodeManifest((await poll(context, port)).body).valid).toBe(false);
      expect(context.served().at(-1)).toMatchObject({ outcome: 'error', detail: 'undecodable' });
      mend();
      expect((await poll(context, port)).body).toBe(good);
      expect(context.served().at(-1)).toMatchObject({ outcome: 'list', pods: [web] });
    }
  });

  it('can have one invalid pod among valid ones', async () => {
    const { context, source, port } = setUp();
    source.apply(addWeb);
    source.apply(step({ do: 'add', source: 'http', pod: 1, spec: 0 }));
    source.apply(step({ do: 'malformed', source: 'http', pod: 0 }));
    expect(decodeManifest((await poll(context, port)).body)).toEqual({ pods: [db], valid: false });
    expect(context.held().at(-1)).toMatchObject({ pods: [db], valid: false });
    expect(context.served().at(-1)!.outcome).toBe('error');
  });

  it('is told by its text when the plan gives one', () => {
    const { context, source } = setUp();
    source.apply(addWeb);
    source.apply(step({ do: 'malformed', source: 'http', text: '' }));
    expect(context.held().at(-1)).toMatchObject({ pods: [], valid: true, document: '' });
  });

  it('makes no-ops of steps without sense and of changes that change nothing', () => {
    const { context, source } = setUp();
    source.apply(addWeb);
    for (const parts of [
      { do: 'add', source: 'http', pod: 0, spec: 1 },
      { do: 'update', source: 'http', pod: 0, spec: 0 },
      { do: 'update', source: 'http', pod: 1, spec: 0 },
      { do: 'redeliver', source: 'http' },
      { do: 'rename', source: 'http', pod: 0 },
      { do: 'outage', source: 'http', phase: 'end' },
    ] as const) {
      expect(source.apply(step(parts)).applied, JSON.stringify(parts)).toBe(false);
    }
    expect(context.held()).toHaveLength(2);
  });
});

describe('sim HTTP source: faults', () => {
  const failures = [
    { effect: 'reset', code: 'ECONNRESET', afterMs: 2 },
    { effect: 'oversize', code: 'ERR_BODY_TOO_LARGE', afterMs: 2 },
    { effect: 'hang', code: 'ETIMEDOUT', afterMs: 10_000 },
    { effect: 'delay', ms: 20_000, code: 'ETIMEDOUT', afterMs: 10_000 },
  ] as const;
  for (const { code, afterMs, ...fault } of failures) {
    it(`${fault.effect} rejects with ${code}`, async () => {
      const { context, source, port } = setUp();
      source.apply(addWeb);
      context.faults.set(1, fault);
      await expect(poll(context, port)).rejects.toMatchObject({ code });
      expect(context.clock.now()).toBe(afterMs);
      expect(context.served()).toMatchObject([{ outcome: 'error', t: afterMs }]);
      expect((await poll(context, port)).status).toBe(200);
    });
  }

  it('answers with statuses and bodies that say nothing, and with an empty one that says it is empty', async () => {
    const { context, source, port } = setUp();
    source.apply(addWeb);
    context.faults.set(1, { effect: 'status', status: 304 });
    context.faults.set(2, { effect: 'malformed' });
    context.faults.set(3, { effect: 'halfWritten' });
    context.faults.set(4, { effect: 'empty' });
    expect((await poll(context, port)).status).toBe(304);
    for (let count = 2; count <= 3; count++) {
      expect(decodeManifest((await poll(context, port)).body).valid).toBe(false);
    }
    expect(await poll(context, port)).toEqual({ status: 200, body: '' });
    expect(context.served().map(({ outcome, detail, pods }) => detail ?? [outcome, pods])).toEqual([
      'status 304',
      'undecodable',
      'undecodable',
      ['list', []],
    ]);
  });

  it('delays the document as it was when it was asked for', async () => {
    const { context, source, port } = setUp();
    source.apply(addWeb);
    context.faults.set(1, { effect: 'delay', ms: 500 });
    const answer = poll(context, port);
    source.apply(step({ do: 'remove', source: 'http', pod: 0 }));
    expect(source.busy()).toBe(true);
    expect(decodeManifest((await answer).body).pods).toEqual([web]);
    expect(context.served()).toMatchObject([{ t: 502, revision: 2 }]);
    expect(source.busy()).toBe(false);
  });

  it('serves a stale document and says so', async () => {
    const { context, source, port } = setUp();
    source.apply(addWeb);
    await advance(context.clock, 5_000);
    source.apply(step({ do: 'remove', source: 'http', pod: 0 }));
    await advance(context.clock, 1_000);
    context.faults.set(1, { effect: 'stale', ms: 3_000 });
    expect(decodeManifest((await poll(context, port)).body).pods).toEqual([web]);
    expect(context.served()).toMatchObject([{ revision: 2, stale: true, pods: [web] }]);
  });

  it('refuses connections in an outage, without counting them as polls, and until heal', async () => {
    const { context, source, port } = setUp();
    context.faults.set(1, { effect: 'status', status: 404 });
    source.apply(step({ do: 'outage', source: 'http', phase: 'begin' }));
    await expect(poll(context, port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    source.heal();
    expect((await poll(context, port)).status).toBe(404);
    expect((await poll(context, port)).status).toBe(200);
  });

  it('lets go of a hanging poll at heal', async () => {
    const { context, source, port } = setUp();
    context.faults.set(1, { effect: 'hang' });
    const answer = expect(port.get(options)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(source.busy()).toBe(true);
    source.heal();
    await advance(context.clock, 2);
    await answer;
    expect(source.busy()).toBe(false);
    await advance(context.clock, 20_000);
    expect(context.served()).toHaveLength(1);
  });

  it('keeps to maxBytes', async () => {
    const { context, source, port } = setUp();
    source.apply(addWeb);
    await expect(
      settleOn(context.clock, port.get({ timeoutMs: 1_000, maxBytes: 100 })),
    ).rejects.toMatchObject({ code: 'ERR_BODY_TOO_LARGE' });
  });
});

describe('sim HTTP source: lives', () => {
  it('journals the same answer once per life', async () => {
    const { context, source, port } = setUp();
    await poll(context, port);
    await poll(context, port);
    expect(context.served()).toHaveLength(1);
    await poll(context, source.port(createLife(2)));
    expect(context.served()).toHaveLength(2);
  });

  it('answers no life that has ended', async () => {
    const { context, source } = setUp();
    const life = createLife();
    let settled = false;
    void source
      .port(life)
      .get(options)
      .then(() => (settled = true));
    life.alive = false;
    await advance(context.clock, 100);
    expect([settled, context.served()]).toEqual([false, []]);
  });
});
