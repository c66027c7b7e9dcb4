import { createServer, type Server } from 'node:https';
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRealClock, type RealClock } from '../../../harness/core/clock.js';
import { nodeResource, podResource } from '../api-object.js';
import { createDirectBackend } from '../direct-backend.js';
import { locatePod } from '../locate-pod.js';
import type { Route } from '../route.js';
import { createTestServer, testPod } from '../testing-objects.js';
import { createCertificates } from './create-certificates.js';
import { createHttpFront, type HttpFront } from './http-front.js';

/** Clients that ask for an upgrade and then break off, or do not, on bare sockets. An uncaught error fails the run. */
let agent: Server;
let front: HttpFront;
/** The same without TLS: there nobody else listens for the errors of a connection. */
let plainFront: HttpFront;
let plainPort: number;
let clock: RealClock;
let port: number;
/** What the agent does with a command that it is asked to run. */
let answer: (socket: Socket) => void;
const agentSockets = new Set<Socket>();
const clientSockets: Socket[] = [];

const accepted = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: SPDY/3.1\r\n\r\n';

beforeEach(async () => {
  const own = await createCertificates(['127.0.0.1']);
  agent = createServer({ key: own.key, cert: own.certificate });
  agent.on('upgrade', (_request, socket: Socket) => {
    agentSockets.add(socket);
    socket.on('error', () => {}).once('close', () => agentSockets.delete(socket));
    answer(socket);
  });
  answer = (socket) => void socket.write(accepted);
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  clock = createRealClock();
  const { server, store } = createTestServer();
  const backend = createDirectBackend({ server, store, clock });
  const { authority: _authority, ...tls } = await createCertificates(['127.0.0.1']);
  const users = [
    {
      token: 'people',
      backend,
      locatePod: (route: Route, search: URLSearchParams) => locatePod(store, route, search),
    },
    { token: 'agent', backend },
  ];
  front = createHttpFront({ users, tls, headersTimeoutMs: 20_000, connectionsMax: 60 });
  plainFront = createHttpFront({ users });
  port = Number(new URL(await front.listen()).port);
  plainPort = Number(new URL(await plainFront.listen()).port);
  store.create(nodeResource, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1' },
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: (agent.address() as AddressInfo).port } },
    },
  });
  store.create(podResource, testPod('web', { spec: { nodeName: 'node-1' } }));
});

afterEach(async () => {
  await closesInTime();
  await plainFront.close();
  for (const socket of clientSockets.splice(0)) socket.destroy();
  agent.closeAllConnections();
  for (const socket of agentSockets) socket.destroy();
  await new Promise((resolve) => agent.close(resolve));
  clock.close();
});

async function closesInTime(): Promise<void> {
  const began = performance.now();
  await front.close();
  expect(performance.now() - began).toBeLessThan(3_000);
}

/** A connection below TLS, and the one in it. Neither ends by itself when the server has ended. */
function open(): { readonly below: Socket; readonly socket: TLSSocket } {
  const below = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
  // It may not end its side by itself, as a TLS client otherwise does.
  const socket = connectTls({ socket: below, rejectUnauthorized: false });
  for (const one of [below, socket]) one.on('error', () => {});
  clientSockets.push(below, socket);
  return { below, socket };
}

function openPlain(): { readonly below: Socket; readonly socket: Socket } {
  const socket = connectTcp({ port: plainPort, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  clientSockets.push(socket);
  return { below: socket, socket };
}

const execPath = '/api/v1/namespaces/default/pods/web/exec?command=ls';

function upgradeRequest(path: string, token: string): string {
  const lines = [`POST ${path} HTTP/1.1`, 'host: x', `authorization: Bearer ${token}`];
  return [...lines, 'connection: upgrade', 'upgrade: SPDY/3.1', 'content-length: 0', '', ''].join('\r\n');
}

/** What is answered first. */
async function firstAnswer(socket: Socket): Promise<string> {
  return new Promise((resolve) => socket.once('data', (data) => resolve(data.toString('latin1', 0, 12))));
}

const refused = [
  { why: '401', path: execPath, token: 'nobody' },
  { why: '400', path: '/api/v1/pods', token: 'people' },
  { why: '403', path: execPath, token: 'agent' },
  { why: '404', path: execPath.replace('web', 'other'), token: 'people' },
];

for (const { why, path, token } of refused) {
  for (const isTls of [true, false]) {
    const where = isTls ? 'with TLS' : 'without TLS';
    test(`refused with ${why} ${where}, reset at once or after the answer`, async () => {
      for (const after of ['request', 'answer'] as const) {
        for (let count = 0; count < 10; count++) {
          const { below, socket } = isTls ? open() : openPlain();
          const first = after === 'answer' ? firstAnswer(socket) : undefined;
          await new Promise((resolve) => socket.write(upgradeRequest(path, token), resolve));
          if (first !== undefined) expect(await first).toBe(`HTTP/1.1 ${why}`);
          below.resetAndDestroy();
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
  }
}

test('refused clients that never leave lock nobody out', async () => {
  for (let count = 0; count < 60; count++) {
    const { socket } = open();
    socket.write(upgradeRequest(execPath, 'nobody'));
    expect(await firstAnswer(socket)).toBe('HTTP/1.1 401');
  }
  await expect
    .poll(
      async () => {
        const { socket } = open();
        const first = Promise.race([
          firstAnswer(socket),
          new Promise<string>((resolve) => socket.once('close', () => resolve('closed'))),
        ]);
        socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
        return first;
      },
      { timeout: 5_000, interval: 200 },
    )
    .toBe('HTTP/1.1 200');
});

test('refused clients that go on sending are cut off all the same', async () => {
  const { socket } = open();
  socket.write(upgradeRequest(execPath, 'nobody'));
  const flood = setInterval(() => socket.write('x'.repeat(10_000)), 5);
  const began = performance.now();
  await new Promise((resolve) => socket.resume().once('close', resolve));
  clearInterval(flood);
  expect(performance.now() - began).toBeLessThan(5_000);
});

test('closes with refused connections open', async () => {
  for (const { path, token } of refused) {
    const { socket } = open();
    socket.write(upgradeRequest(path, token));
    await firstAnswer(socket);
  }
  await closesInTime();
});

test('closes with a command running, and with one that the agent does not answer', async () => {
  const running = open().socket;
  running.write(upgradeRequest(execPath, 'people'));
  expect(await firstAnswer(running)).toBe('HTTP/1.1 101');
  answer = () => {};
  open().socket.write(upgradeRequest(execPath, 'people'));
  await expect.poll(() => agentSockets.size).toBe(2);
  await closesInTime();
  await expect.poll(() => agentSockets.size).toBe(0);
});

test('closes with connections that have not got as far as TLS', async () => {
  const below = connectTcp(port, '127.0.0.1');
  below.on('error', () => {});
  clientSockets.push(below);
  await new Promise((resolve) => below.once('connect', resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await closesInTime();
});

test('a client or an agent that resets a running command', async () => {
  for (let count = 0; count < 10; count++) {
    const { below, socket } = open();
    socket.write(upgradeRequest(execPath, 'people'));
    expect(await firstAnswer(socket)).toBe('HTTP/1.1 101');
    if (count % 2 === 0) below.resetAndDestroy();
    else for (const one of agentSockets) one.destroy();
  }
  await expect.poll(() => agentSockets.size).toBe(0);
});
