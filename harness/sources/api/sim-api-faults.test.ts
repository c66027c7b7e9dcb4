import { expect, test } from 'vitest';
import { ofNode, setUpSimApi as setUp } from '../testing/sim-api.js';

const podPath = '/api/v1/namespaces/default/pods/db';

test.each([
  ['status', { status: 503 }, { status: 503 }, 1],
  ['errorBefore', {}, { status: 500 }, 1],
  ['errorAfter', { status: 504 }, { status: 504 }, 0],
  ['lostReply', {}, 'ECONNRESET', 0],
  ['reset', {}, 'ECONNRESET', 1],
  ['malformed', {}, 'ERR_UNDECODABLE', 0],
] as const)('a deletion hit by %s', async (effect, parts, expected, left) => {
  const { add, ask, context, source } = setUp();
  add(1);
  context.faults.set(1, { effect, ...parts });
  const answer = ask({ method: 'DELETE', path: podPath, body: { gracePeriodSeconds: 0 } });
  if (typeof expected === 'string') await expect(answer).rejects.toMatchObject({ code: expected });
  else expect(await answer).toMatchObject(expected);
  expect(context.held().at(-1)!.pods.length).toBe(left);
  expect(source.busy()).toBe(false);
});

test('a request that hangs ends with heal, and does nothing', async () => {
  const { add, port, context, source, advance: pass } = setUp();
  add(1);
  context.faults.set(1, { effect: 'hang' });
  const endings: string[] = [];
  port
    .request({ method: 'DELETE', path: podPath, body: { gracePeriodSeconds: 0 } })
    .catch((error: { code: string }) => endings.push(error.code));
  await pass(60_000);
  expect(endings).toEqual([]);
  source.heal();
  await pass(1);
  expect([endings, context.held().at(-1)!.pods.length]).toEqual([['ECONNRESET'], 1]);
});

test('a stale list is an older one where the query allows it, and the newest where it does not', async () => {
  const { add, list, context, advance: pass } = setUp();
  add(0);
  await pass(2_000);
  add(1);
  context.faults.set(1, { effect: 'stale', ms: 1_000 }).set(2, { effect: 'stale', ms: 1_000 });
  expect((await list({ ...ofNode, resourceVersion: '0' })).pods.length).toBe(1);
  expect((await list()).pods.length).toBe(2);
  expect(context.served().map((event) => event.stale ?? false)).toEqual([true, false]);
});

test.each([
  ['duplicate', ['ADDED web', 'ADDED web', 'ADDED db'], []],
  ['reset', [], [0]],
  ['hang', [], []],
  ['status', ['ERROR 500'], [200]],
] as const)('a watch event hit by %s', async (effect, seen, ends) => {
  const { add, watch, context, advance: pass, source } = setUp();
  const watching = watch({ ...ofNode, resourceVersion: '0' });
  await pass(5);
  context.faults.set(2, { effect });
  add(0);
  await pass(5);
  add(1);
  await pass(5);
  expect([watching.seen, watching.ends]).toEqual([seen, ends]);
  source.heal();
  await pass(5);
  expect(watching.ends).toEqual(effect === 'hang' ? [0] : ends);
});

test('a stale watch event is the version before, once more, and the journal says so', async () => {
  const { add, update, watch, context, advance: pass } = setUp();
  const watching = watch({ ...ofNode, resourceVersion: '0' });
  await pass(5);
  add(0);
  context.faults.set(3, { effect: 'stale' });
  update(0, 1);
  await pass(5);
  expect(watching.seen).toEqual(['ADDED web', 'MODIFIED web', 'MODIFIED web']);
  expect(watching.events[2]!.object).toEqual(watching.events[0]!.object);
  expect(context.served().map((event) => event.stale ?? false)).toEqual([false, false, true]);
});

test('delayed deliveries hold those behind them, and are busy until they arrive', async () => {
  const { add, watch, context, advance: pass, source } = setUp();
  const watching = watch({ ...ofNode, resourceVersion: '0' });
  await pass(5);
  context.deliveryDelaysMs.set(1, 300);
  add(0);
  add(1);
  await pass(200);
  expect([watching.seen, source.busy()]).toEqual([[], true]);
  await pass(200);
  expect([watching.seen, source.busy()]).toEqual([['ADDED web', 'ADDED db'], false]);
});
