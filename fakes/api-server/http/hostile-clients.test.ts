import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRealClock, type RealClock } from '../../../harness/core/clock.js';
import { podResource } from '../api-object.js';
import { createDirectBackend } from '../direct-backend.js';
import { createTestServer, testPod } from '../testing-objects.js';
import { createCertificates, type Certificates } from './create-certificates.js';
import { createHttpFront, type HttpFront } from './http-front.js';

/** Clients that mean ill, on bare sockets; after each the server answers as if nothing had been. */
let front: HttpFront;
let clock: RealClock;
let certificates: Certificates;
let port: number;
let store: ReturnType<typeof createTestServer>['store'];
const sockets: Socket[] = [];

beforeEach(async () => {
  clock = createRealClock();
  const test = createTestServer();
  store = test.store;
  certificates = await createCertificates(['127.0.0.1']);
  front = createHttpFront({
    users: [{ token: 'secret', backend: createDirectBackend({ server: test.server, store, clock }) }],
    tls: certificates,
    headersTimeoutMs: 600,
    requestTimeoutMs: 900,
    watchesMax: 20,
    connectionsMax: 60,
  });
  port = Number(new URL(await front.listen()).port);
});

afterEach(async () => {
  // It answers yet, and quickly.
  const { text } = await exchange(
    `GET /api/v1/pods?limit=1 HTTP/1.1\r\n${credentials}connection: close\r\n\r\n`,
  );
  for (const socket of sockets.splice(0)) socket.destroy();
  await front.close();
  clock.close();
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
});

/** The machine may be busy with other things. */
const patience = { timeout: 20_000 };
const credentials = 'host: x\r\nauthorization: Bearer secret\r\n';

function open(isTls = true): Socket {
  const socket = isTls
    ? connectTls({ port, host: '127.0.0.1', ca: certificates.authority })
    : connectTcp(port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

/** Everything that comes until the connection ends, and how long that took. */
async function exchange(text: string, socket = open()): Promise<{ text: string; tookMs: number }> {
  const began = performance.now();
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve));
  return { text: received, tookMs: performance.now() - began };
}

test('garbage, below TLS and in it', async () => {
  await exchange('GET / HTTP/1.1\r\n\r\n', open(false));
  await exchange('\u0000\u0001\u0002'.repeat(1_000), open(false));
  const { text } = await exchange('garbage\r\n\r\n');
  expect(text).toMatch(/^HTTP\/1\.1 400 .*"kind":"Status"/s);
});

test('headers that do not end', async () => {
  const socket = open();
  const endless = setInterval(() => socket.write(`x-more: ${'y'.repeat(4_000)}\r\n`), 1);
  const { text } = await exchange(`GET /version HTTP/1.1\r\n${credentials}`, socket);
  clearInterval(endless);
  expect(text).toMatch(/^HTTP\/1\.1 431 .*"kind":"Status"/s);
});

test('headers and bodies that come a byte at a time', async () => {
  for (const [start, drop] of [
    [`GET /version HTTP/1.1\r\n${credentials}`, 'x'],
    [`POST /api/v1/namespaces/default/pods HTTP/1.1\r\n${credentials}content-length: 100000\r\n\r\n`, ' '],
  ] as const) {
    const socket = open();
    const slow = setInterval(() => socket.write(drop), 20);
    const { text, tookMs } = await exchange(start, socket);
    clearInterval(slow);
    expect(text).toMatch(/^HTTP\/1\.1 408 .*"kind":"Status"/s);
    expect(tookMs).toBeLessThan(5_000);
  }
});

test('connections on which nothing comes', async () => {
  const idle = [open(false), open()];
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.resume().once('close', resolve))));
});

test('a body that does not end', async () => {
  const socket = open();
  let sent = 0;
  const flood = setInterval(() => {
    if (socket.writableLength < 1_000_000)
      sent += socket.write(`fffff\r\n${'x'.repeat(0xfffff)}\r\n`) ? 1 : 1;
  }, 1);
  const start = `POST /api/v1/namespaces/default/pods HTTP/1.1\r\n${credentials}transfer-encoding: chunked\r\n\r\n`;
  const { text } = await exchange(start, socket);
  clearInterval(flood);
  expect(sent).toBeGreaterThan(2);
  if (text !== '') expect(text).toMatch(/^HTTP\/1\.1 4(08|13) /);
});

test('more watches than there may be', async () => {
  const answers: string[] = [];
  for (let count = 0; count < 50; count++) {
    const socket = open();
    socket.setEncoding('utf8').on('data', (chunk: string) => answers.push(chunk.slice(9, 12)));
    socket.write(`GET /api/v1/pods?watch=1&resourceVersion=1 HTTP/1.1\r\n${credentials}\r\n`);
  }
  await expect.poll(() => answers.filter((status) => status === '429').length, patience).toBe(30);
  expect(answers.filter((status) => status === '200')).toHaveLength(20);
  // Their connections are closed: there is room for others.
  await expect.poll(() => sockets.filter((socket) => !socket.readableEnded).length, patience).toBe(20);
});

test('more connections than there may be', async () => {
  const many = Array.from({ length: 200 }, () => open(false));
  await Promise.all(many.map((socket) => new Promise((resolve) => socket.resume().once('close', resolve))));
});

test('a watcher that never reads', async () => {
  const socket = open().pause();
  socket.write(`GET /api/v1/pods?watch=1&resourceVersion=1 HTTP/1.1\r\n${credentials}\r\n`);
  const annotations = { filler: 'x'.repeat(200_000) };
  let isClosed = false;
  socket.once('close', () => (isClosed = true));
  for (let count = 0; !isClosed && count < 200; count++) {
    store.create(podResource, testPod(`p${count}`, { metadata: { annotations } }));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  socket.resume();
  await expect.poll(() => isClosed).toBe(true);
  for (const pod of store.list(podResource)) store.remove(podResource, `default/${pod.metadata.name}`);
});
