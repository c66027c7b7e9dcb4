import { afterEach, expect, test } from 'vitest';
import { createRealClock } from '../../../harness/core/clock.js';
import type { ApiBackend } from '../api-backend.js';
import { podResource } from '../api-object.js';
import { createDirectBackend } from '../direct-backend.js';
import { createTestServer, testPod } from '../testing-objects.js';
import { createHttpFront, type HttpFrontOptions } from './http-front.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function setUp(options: Partial<HttpFrontOptions> = {}) {
  const { server, store } = createTestServer();
  const clock = createRealClock();
  const direct = createDirectBackend({ server, store, clock, bookmarkEveryMs: 30 });
  let watches = 0;
  const backend: ApiBackend = {
    ...direct,
    watch(receiver, request) {
      watches++;
      const watch = direct.watch(receiver, request);
      return {
        close() {
          watches--;
          watch.close();
        },
      };
    },
  };
  const users = ['secret', 'other'].map((token) => ({ token, backend }));
  const front = createHttpFront({ users, ...options });
  const url = await front.listen();
  closers.push(async () => {
    await front.close();
    clock.close();
  });
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { headers: { authorization: 'Bearer secret' }, ...init });
  return { url, ask, store, front, watchCount: () => watches };
}

const pods = '/api/v1/namespaces/default/pods';

test('asks for the token, except for health', async () => {
  const { url, ask } = await setUp();
  const refused = await fetch(`${url}/api/v1/pods`);
  expect([refused.status, await refused.json()]).toMatchObject([401, { kind: 'Status', code: 401 }]);
  expect((await fetch(`${url}/api/v1/pods`, { headers: { authorization: 'Bearer secreT' } })).status).toBe(
    401,
  );
  expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok');
  expect((await ask('/api/v1/pods')).status).toBe(200);
});

test('reads bodies of the right kind and size only', async () => {
  const { ask, url } = await setUp({ bodyMaxBytes: 2_000 });
  const post = (body: string, type = 'application/json') =>
    fetch(url + pods, {
      method: 'POST',
      body,
      headers: { authorization: 'Bearer secret', 'content-type': type },
    });
  expect((await post(JSON.stringify(testPod('a')))).status).toBe(201);
  expect((await post('{')).status).toBe(400);
  expect((await post('{}', 'application/vnd.kubernetes.protobuf')).status).toBe(415);
  expect((await post(' '.repeat(3_000))).status).toBe(413);
  expect((await post('{}', 'nonsense')).status).toBe(415);
  expect((await ask(pods, { method: 'OPTIONS' })).status).toBe(405);
  expect((await ask(pods, { method: 'HEAD' })).status).toBe(405);
  expect((await ask(`${pods}/%zz`)).status).toBe(400);
  expect((await ask('//')).status).toBe(404);
  expect((await post(`{"metadata":{"name":"b","labels":${'['.repeat(500)}${']'.repeat(500)}}}`)).status).toBe(
    400,
  );
  const poisoned = await post('{"metadata":{"name":"b"},"spec":{"__proto__":{"containers":[]}}}');
  expect([poisoned.status, await poisoned.json()]).toMatchObject([
    400,
    { kind: 'Status', reason: 'BadRequest' },
  ]);
});

test('streams a watch line by line, and lets go of it when the client leaves', async () => {
  const { ask, store, watchCount } = await setUp();
  const leaving = new AbortController();
  const response = await ask(`${pods}?watch=true&resourceVersion=1`, { signal: leaving.signal });
  expect(response.status).toBe(200);
  const reader = response.body!.getReader();
  store.create(podResource, testPod('a'));
  const first = Buffer.from((await reader.read()).value!).toString();
  expect(JSON.parse(first)).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } });
  expect(first.endsWith('\n')).toBe(true);
  expect(watchCount()).toBe(1);
  leaving.abort();
  await expect.poll(watchCount).toBe(0);
});

test('refuses watches beyond the limit, and those that the server refuses', async () => {
  const { ask } = await setUp({ watchesMax: 1 });
  const first = await ask(`${pods}?watch=1&resourceVersion=1`);
  const second = await ask(`${pods}?watch=1&resourceVersion=1`);
  expect([first.status, second.status, second.headers.get('retry-after')]).toEqual([200, 429, '1']);
  expect(second.headers.get('connection')).toBe('close');
  const another = { headers: { authorization: 'Bearer other' } };
  expect((await ask(`${pods}?watch=1&resourceVersion=1`, another)).status).toBe(200);
  const other = await setUp();
  const refused = await other.ask(`${pods}?watch=1&sendInitialEvents=true`);
  expect([refused.status, ((await refused.json()) as { reason: string }).reason]).toEqual([422, 'Invalid']);
});

test('sends bookmarks to those who asked, and ends a watch in time', async () => {
  const { ask, store } = await setUp();
  const response = await ask(`${pods}?watch=1&resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=1`);
  store.create(podResource, testPod('a'));
  const events = (await response.text()).trim().split('\n');
  expect(JSON.parse(events.at(-1)!)).toEqual({
    type: 'BOOKMARK',
    object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: '2' } },
  });
  const gone = await ask(`${pods}?watch=1&resourceVersion=0&timeoutSeconds=1`);
  expect((await gone.text()).trim()).toMatch(/^\{"type":"ADDED"/);
});

test('a watch from the forgotten past is told so, and ends', async () => {
  const { ask, store } = await setUp();
  store.compact();
  const response = await ask(`${pods}?watch=1&resourceVersion=1`);
  const event = JSON.parse(await response.text()) as unknown;
  expect(event).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
});

test('closes with watches open', async () => {
  const { ask, front } = await setUp();
  const response = await ask(`${pods}?watch=1&resourceVersion=1`);
  await front.close();
  await expect(response.text()).rejects.toThrow();
});
