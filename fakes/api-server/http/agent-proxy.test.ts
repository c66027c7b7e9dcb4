import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Writable } from 'node:stream';
import { Exec, KubeConfig, Log } from '@kubernetes/client-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { createRealClock, type RealClock } from '../../../harness/core/clock.js';
import { nodeResource, podResource } from '../api-object.js';
import { createDirectBackend } from '../direct-backend.js';
import { locatePod } from '../locate-pod.js';
import { createTestServer, testPod } from '../testing-objects.js';
import { createCertificates, type Certificates } from './create-certificates.js';
import { createHttpFront, type HttpFront } from './http-front.js';

/** An agent that serves logs and commands in the paths of the kubelet, with a certificate that nobody knows. */
let agent: Server;
let asked: string[];
/** Of each connection, whether the agent knows who it is from. */
let known: boolean[];
let front: HttpFront;
let clock: RealClock;
let config: KubeConfig;
let store: ReturnType<typeof createTestServer>['store'];
let url: string;
let certificates: Certificates;

beforeEach(async () => {
  asked = [];
  known = [];
  certificates = await createCertificates(['127.0.0.1']);
  const own = await createCertificates(['127.0.0.1']);
  // It asks its clients who they are, as a kubelet does whose configuration names an authority for them.
  const clients = { requestCert: true, rejectUnauthorized: false, ca: certificates.authority };
  agent = createServer({ key: own.key, cert: own.certificate, ...clients }, (asking, response) => {
    asked.push(`${asking.method} ${asking.url} ${asking.headers.authorization ?? 'anonymous'}`);
    if (asking.url!.startsWith('/containerLogs/default/web/main')) {
      response.write('one\n');
      if (asking.url!.includes('follow=true')) setTimeout(() => response.end('two\n'), 100);
      else response.end();
    } else response.writeHead(404).end('container is not there\n');
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (names) => [...names][0] ?? false });
  agent.on('upgrade', (request, socket, head) => {
    asked.push(`upgrade ${request.url}`);
    if (request.headers.upgrade === 'SPDY/3.1') {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
      socket.write(head);
      socket.pipe(socket);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      // Channel 1 is the output; channel 3 says how the command ended.
      client.send(Buffer.from('\u0001hello'));
      client.send(Buffer.from(`\u0003${JSON.stringify({ kind: 'Status', status: 'Success' })}`));
      client.close();
    });
  });
  agent.on('secureConnection', (socket) => known.push(socket.authorized));
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));

  clock = createRealClock();
  const testServer = createTestServer();
  store = testServer.store;
  const backend = createDirectBackend({ server: testServer.server, store, clock });
  front = createHttpFront({
    users: [
      {
        token: 'people',
        backend,
        locatePod: (route, search) => ({
          ...locatePod(store, route, search),
          client: certificates.client,
        }),
      },
      { token: 'agent', backend },
    ],
    tls: certificates,
  });
  url = await front.listen();
  config = configOf('people', certificates.authority);
  store.create(nodeResource, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1' },
    status: {
      addresses: [
        { type: 'Hostname', address: 'node-1' },
        { type: 'InternalIP', address: '127.0.0.1' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: (agent.address() as AddressInfo).port } },
    },
  });
  store.create(podResource, testPod('web', { spec: { nodeName: 'node-1' } }));
});

afterEach(async () => {
  await front.close();
  agent.closeAllConnections();
  await new Promise((resolve) => agent.close(resolve));
  clock.close();
});

function configOf(token: string, authority: string): KubeConfig {
  const result = new KubeConfig();
  result.loadFromOptions({
    clusters: [{ name: 'c', server: url, caData: Buffer.from(authority).toString('base64') }],
    users: [{ name: 'u', token }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  return result;
}

function collector(): Writable & { text(): string } {
  let text = '';
  const writable = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return Object.assign(writable, { text: () => text });
}

test('logs come from the agent, without the credentials of whoever asks', async () => {
  const output = collector();
  await new Log(config).log('default', 'web', '', output, { follow: true, tailLines: 5 });
  await expect.poll(() => output.text()).toBe('one\ntwo\n');
  expect(asked).toEqual([expect.stringMatching(/^GET \/containerLogs\/default\/web\/main\?.* anonymous$/)]);
  expect(asked[0]).toMatch(/follow=true/);
  expect(asked[0]).toMatch(/tailLines=5/);
});

test('an agent that asks who it is gets a certificate of the authority', async () => {
  expect(await logOf('web')).toBe('200 one\n');
  expect(await upgradeTo('/api/v1/namespaces/default/pods/web/exec?command=ls', 'SPDY/3.1')).toMatch(/ping$/);
  expect(known).toEqual([true, true]);
});

test('commands run over the connection that the agent and the client agree on', async () => {
  const output = collector();
  const status = await new Promise((resolve, reject) => {
    const exec = new Exec(config);
    exec.exec('default', 'web', 'main', ['ls', '-l'], output, null, null, false, resolve).catch(reject);
  });
  expect([output.text(), status]).toMatchObject(['hello', { status: 'Success' }]);
  expect(asked[0]).toBe('upgrade /exec/default/web/main?output=1&command=ls&command=-l');
});

/** What comes back to a request for an upgrade, and then to `ping`. */
async function upgradeTo(path: string, protocol: string, token = 'people'): Promise<string> {
  const socket = connectTls({
    port: Number(new URL(url).port),
    host: '127.0.0.1',
    rejectUnauthorized: false,
  });
  socket.on('error', () => {});
  let received = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    received += text;
    if (text.startsWith('HTTP/1.1 101')) socket.write('ping');
    if (received.endsWith('ping')) socket.destroy();
  });
  const head = `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n`;
  socket.write(`${head}connection: upgrade\r\nupgrade: ${protocol}\r\ncontent-length: 0\r\n\r\n`);
  await new Promise((resolve) => socket.once('close', resolve));
  return received;
}

test('SPDY, which older clients speak, passes too', async () => {
  const received = await upgradeTo('/api/v1/namespaces/default/pods/web/exec?command=ls', 'SPDY/3.1');
  expect(received).toMatch(/^HTTP\/1\.1 101 .*upgrade: SPDY\/3\.1.*ping$/is);
  const forward = await upgradeTo('/api/v1/namespaces/default/pods/web/portforward', 'SPDY/3.1');
  expect(forward).toMatch(/^HTTP\/1\.1 101 /);
  expect(asked).toContain('upgrade /portForward/default/web');
});

/** Status and body of the answer to a request for a log. */
function logOf(pod: string, container = ''): Promise<string> {
  const path = `/api/v1/namespaces/default/pods/${pod}/log?container=${container}`;
  return new Promise((resolve, reject) => {
    const headers = { authorization: 'Bearer people' };
    const sent = request(url + path, { headers, rejectUnauthorized: false }, (response) => {
      let text = `${response.statusCode} `;
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => resolve(text));
    });
    sent.once('error', reject).end();
  });
}

test('what cannot be passed on is refused with a Status', async () => {
  const path = '/api/v1/namespaces/default/pods/web/exec';
  expect(await upgradeTo(path, 'SPDY/3.1', 'agent')).toMatch(/^HTTP\/1\.1 403 .*"reason":"Forbidden"/s);
  expect(await upgradeTo(path, 'SPDY/3.1', 'nobody')).toMatch(/^HTTP\/1\.1 401 .*"kind":"Status"/s);
  expect(await upgradeTo('/api/v1/pods', 'h2c')).toMatch(/^HTTP\/1\.1 400 /);
  expect(await logOf('nobody')).toMatch(/^404 .*pods \\"nobody\\" not found/);
  expect(await logOf('web', 'other')).toMatch(/400.*container other is not valid for pod web/s);
  store.create(podResource, testPod('nowhere'));
  expect(await logOf('nowhere')).toMatch(/400.*does not have a host assigned/s);
  store.create(podResource, testPod('lost', { spec: { nodeName: 'node-2' } }));
  expect(await logOf('lost')).toMatch(/500.*declares no port/s);
  store.create(podResource, testPod('gone', { spec: { nodeName: 'node-1' } }));
  expect(await logOf('gone')).toMatch(/404.*container is not there/s);
  agent.closeAllConnections();
  await new Promise((resolve) => agent.close(resolve));
  expect(await logOf('web')).toMatch(/500.*error dialing backend/s);
});
