import { connect as connectTcp, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRealClock, type RealClock } from '../../../harness/core/clock.js';
import type { ApiBackend } from '../api-backend.js';
import { podResource } from '../api-object.js';
import { createDirectBackend } from '../direct-backend.js';
import { createTestServer, testPod } from '../testing-objects.js';
import { createHttpFront, type HttpFront } from './http-front.js';

/** Clients that ask for much and read none of it, or write as much as they may, on bare sockets. */
let front: HttpFront;
let clock: RealClock;
let port: number;
let store: ReturnType<typeof createTestServer>['store'];
let openWatches: number;
let events: number;
const sockets = new Set<Socket>();

const listBytes = 10_000_000;

beforeEach(async () => {
  clock = createRealClock();
  const test = createTestServer({ historyMaxBytes: 6_000_000, limits: { togetherMaxBytes: 25_000_000 } });
  store = test.store;
  const direct = createDirectBackend({ server: test.server, store, clock });
  openWatches = 0;
  events = 0;
  const backend: ApiBackend = {
    ...direct,
    watch(receiver, request) {
      openWatches++;
      const onEvent: typeof receiver.onEvent = (event) => {
        if (receiver.caller.alive) events++;
        receiver.onEvent(event);
      };
      const watch = direct.watch({ ...receiver, onEvent, onEnd: receiver.onEnd.bind(receiver) }, request);
      return {
        close() {
          openWatches--;
          watch.close();
        },
      };
    },
  };
  front = createHttpFront({
    users: [{ token: 'secret', backend }],
    watchesMax: 20,
    unreadMaxBytes: 25_000_000,
  });
  port = Number(new URL(await front.listen()).port);
  const annotations = { filler: 'x'.repeat(200_000) };
  for (let count = 0; count < listBytes / 200_000; count++)
    store.create(podResource, testPod(`p${count}`, { metadata: { annotations } }));
});

afterEach(async () => {
  const text = await (await ask('/api/v1/pods')).text();
  for (const socket of sockets) socket.destroy();
  await front.close();
  clock.close();
  expect(text.length).toBeGreaterThan(listBytes);
});

const headers = { authorization: 'Bearer secret' };
/** The machine may be busy with other things. */
const patience = { timeout: 20_000 };

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { headers, ...init });
}

function open(): Socket {
  const socket = connectTcp(port, '127.0.0.1');
  sockets.add(socket);
  return socket.on('error', () => {}).once('close', () => sockets.delete(socket));
}

function requestOf(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer secret\r\n\r\n`;
}

const listRequest = requestOf('/api/v1/pods');
const watchPath = (): string => `/api/v1/pods?watch=1&resourceVersion=${store.revision()}`;

test('lists that nobody reads', async () => {
  for (let count = 0; count < 8; count++) {
    open().pause().write(listRequest);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // Those that waited longest are cut off; a paused socket sees that only when it reads.
  const kept = await Promise.all(
    [...sockets].map(
      (socket) =>
        new Promise<boolean>((resolve) => {
          let bytes = 0;
          socket.on('data', ({ length }) => {
            bytes += length;
            if (bytes > listBytes) resolve(true);
          });
          socket.once('close', () => resolve(false)).resume();
        }),
    ),
  );
  expect(kept.length).toBe(8);
  expect(kept.filter((isKept) => isKept).length).toBeLessThanOrEqual(2);
  expect(kept.at(-1)).toBe(true);
});

test('many requests at once on one connection', async () => {
  for (const request of [listRequest, requestOf(watchPath())]) {
    const socket = open();
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(request.repeat(30));
    await new Promise((resolve) => socket.resume().once('close', resolve));
  }
  await expect.poll(() => openWatches, patience).toBe(0);
});

test('watches behind each other on one connection end with it', async () => {
  const socket = open();
  socket.write(requestOf(watchPath()).repeat(3));
  await expect.poll(() => openWatches, patience).toBe(3);
  socket.destroy();
  await expect.poll(() => openWatches, patience).toBe(0);
  // There is room for as many as ever.
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(watchPath())));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  await Promise.all(answers.map(({ body }) => body?.cancel()));
});

test('a watch whose first events are not read', async () => {
  open().pause().write(requestOf('/api/v1/pods?watch=1'));
  await expect.poll(() => events, patience).toBeGreaterThan(0);
  await expect.poll(() => openWatches, patience).toBe(0);
  // No more is made ready for one that is cut off.
  expect(events).toBeLessThan(48);
});

test('thousands of watches', async () => {
  let accepted = 0;
  let refused = 0;
  for (let round = 0; round < 20; round++) {
    const answers = Array.from({ length: 100 }, () => {
      const socket = open();
      socket.write(requestOf(watchPath()));
      return new Promise<void>((resolve) => {
        socket.once('data', (data) => {
          const status = data.toString('latin1', 9, 12);
          if (status === '200') accepted++;
          if (status === '429') refused++;
          resolve();
        });
        socket.once('close', () => resolve());
      });
    });
    await Promise.all(answers);
  }
  expect([accepted, refused, openWatches]).toEqual([20, 1_980, 20]);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => openWatches, patience).toBe(0);
});

test('objects of a size that is allowed, without an end', async () => {
  const filler = 'x'.repeat(1_400_000);
  const path = '/api/v1/namespaces/default/configmaps';
  const send = async (method: string, where: string, name: string): Promise<number> => {
    const response = await ask(where, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ metadata: { name }, data: { filler, now: String(performance.now()) } }),
    });
    await response.arrayBuffer();
    return response.status;
  };
  const statuses: number[] = [];
  for (let count = 0; count < 20; count++) statuses.push(await send('POST', path, `c${count}`));
  expect([statuses[0], statuses.at(-1)]).toEqual([201, 500]);
  for (let count = 0; count < 20; count++) expect(await send('PUT', `${path}/c0`, 'c0')).toBe(200);
  expect(store.bytes()).toBeLessThan(25_000_000);
  expect(store.oldestRevision()).toBeGreaterThan(store.revision() - 20);
  const gone = await ask('/api/v1/pods?watch=1&resourceVersion=2');
  expect(await gone.text()).toMatch(/"type":"ERROR".*"code":410/);
});
