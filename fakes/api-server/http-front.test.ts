import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { ApiBackend } from './api-backend.js';
import { createHttpFront, type HttpFrontOptions } from './http-front.js';
import { createTestServer, testPod } from './testing-objects.js';
import { podResource } from './api-object.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function setUp(options: Partial<HttpFrontOptions> = {}) {
  const { server, store } = createTestServer();
  let watches = 0;
  const backend: ApiBackend = {
    request: (_caller, request, onOutcome) =>
      onOutcome({ kind: 'answer', answer: server.handle(request).answer }),
    watch(receiver, request) {
      const result = server.watch(request, (event) => receiver.onEvent(event));
      if ('refused' in result) {
        receiver.onEnd(result.refused.status, result.refused.body);
        return { close() {} };
      }
      watches++;
      return {
        close() {
          watches--;
          result.open.close();
        },
      };
    },
    watchCount: () => watches,
  };
  const front = createHttpFront({ backend, token: 'secret', ...options });
  const url = await front.listen();
  closers.push(() => front.close());
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
  expect((await ask(pods, { method: 'OPTIONS' })).status).toBe(405);
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
  const other = await setUp();
  const refused = await other.ask(`${pods}?watch=1&sendInitialEvents=true`);
  expect([refused.status, ((await refused.json()) as { reason: string }).reason]).toEqual([422, 'Invalid']);
});

test('survives requests that are no HTTP', async () => {
  const { url, ask } = await setUp();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {}).resume();
  socket.end('garbage\r\n\r\n');
  await new Promise((resolve) => socket.once('close', resolve));
  expect((await ask('/version')).status).toBe(200);
  expect((await ask('//')).status).toBe(404);
});

test('closes with watches open', async () => {
  const { ask, front } = await setUp();
  const response = await ask(`${pods}?watch=1&resourceVersion=1`);
  await front.close();
  await expect(response.text()).rejects.toThrow();
});
