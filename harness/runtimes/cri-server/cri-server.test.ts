import { Client, credentials, status } from '@grpc/grpc-js';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCriConnection } from '../../core/cri-connection.js';
import { loadCriProtocol } from '../../core/cri-protocol.js';
import { createCriPort } from '../../drivers/agent-ports/cri-port.js';
import type { ContainerEvent, ContainerStatus, CriResult } from '../../ports/cri.js';
import type { CriServer, CriServerOptions, OnCancelled } from './cri-server.js';
import { createCriServer } from './cri-server.js';

type Port = ReturnType<typeof createCriPort>;
interface Seen {
  readonly method: string;
  readonly request: object;
  readonly reply: (result: CriResult) => void;
  readonly onCancelled: OnCancelled;
}

let directory: string;
let server: CriServer;
let port: Port;
let calls: Seen[];
const listeners = new Set<(event: ContainerEvent) => void>();

const open = async (
  handle?: CriServerOptions['handle'],
  options?: Partial<CriServerOptions>,
): Promise<void> => {
  server = createCriServer({
    socketPath: join(directory, 'run', 'cri.sock'),
    handle: (method, request, reply, onCancelled) => {
      calls.push({ method, request, reply, onCancelled });
      handle?.(method, request, reply, onCancelled);
    },
    subscribeEvents: (onEvent) => {
      listeners.add(onEvent);
      return () => void listeners.delete(onEvent);
    },
    ...options,
  });
  await server.start();
  port = createCriPort(server.endpoint);
};

const until = async (condition: () => boolean): Promise<void> => {
  for (let round = 0; round < 400 && !condition(); round++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(condition()).toBe(true);
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nac-cri-'));
  calls = [];
  listeners.clear();
});
afterEach(async () => {
  port.close();
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

test('only the owner can reach the socket', async () => {
  await open();
  expect(statSync(join(directory, 'run')).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, 'run', 'cri.sock')).mode & 0o777).toBe(0o600);
});

test('messages arrive as the ports say: zero values present, absent messages undefined', async () => {
  const full: ContainerStatus = {
    id: 'c1',
    metadata: { name: 'web', attempt: 0 },
    state: 'CONTAINER_CREATED',
    createdAt: 1_767_225_600_000_000_000,
    startedAt: 0,
    finishedAt: 0,
    exitCode: 0,
    image: { image: 'conformance/workload:v1', annotations: {} },
    imageRef: 'sha256:1',
    reason: '',
    message: '\u0007<b>',
    labels: { a: 'b' },
    annotations: {},
    logPath: '/l',
  };
  await open((_method, _request, reply) => reply({ code: 'OK', response: { status: full } }));
  const answer = await port.call('ContainerStatus', { containerId: 'c1' });
  expect(answer.status).toMatchObject(full);
  expect(calls[0]!.request).toEqual({ containerId: 'c1', verbose: false });

  await port.call('ListContainers', { filter: { state: { state: 'CONTAINER_CREATED' } } });
  expect(calls[1]!.request).toEqual({
    filter: { id: '', podSandboxId: '', labelSelector: {}, state: { state: 'CONTAINER_CREATED' } },
  });
  await port.call('ListContainers', {});
  expect(calls[2]!.request).toEqual({ filter: undefined });
});

test('bytes stay bytes', async () => {
  const stdout = Buffer.from([0, 255, 10, 13]);
  await open((_method, _request, reply) =>
    reply({ code: 'OK', response: { stdout, stderr: Buffer.alloc(0), exitCode: 3 } }),
  );
  const answer = await port.call('ExecSync', { containerId: 'c', cmd: ['a'], timeout: 1 });
  expect(Buffer.compare(answer.stdout, stdout)).toBe(0);
  expect(answer.exitCode).toBe(3);
});

test('refusals keep their code and message', async () => {
  await open((_method, _request, reply) => reply({ code: 'NOT_FOUND', message: 'no such thing' }));
  await expect(port.call('StartContainer', { containerId: 'x' })).rejects.toMatchObject({
    name: 'CriError',
    code: 'NOT_FOUND',
    message: 'no such thing',
  });
});

test('an unanswered call runs into the deadline of its caller, and the handler is told', async () => {
  await open();
  const call = port.call('Version', {}, { timeoutMs: 60 });
  await expect(call).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  const { onCancelled, reply } = calls[0]!;
  let told = 0;
  onCancelled(() => told++);
  await until(() => told === 1);
  onCancelled(() => told++);
  expect(told).toBe(2);
  reply({ code: 'OK', response: {} });
});

test('open calls are bounded, and a caller that goes away frees the place of its call', async () => {
  let cancelled = 0;
  await open((_method, _request, _reply, onCancelled) => onCancelled(() => cancelled++), {
    openCallsMax: 2,
  });
  const hanging = [0, 1].map(() => port.call('Version', {}, { timeoutMs: 150 }));
  await until(() => calls.length === 2);
  await expect(port.call('Version', {})).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  await Promise.allSettled(hanging);
  await until(() => cancelled === 2);
  const next = port.call('Version', {});
  await until(() => calls.length === 3);
  calls[2]!.reply({ code: 'OK', response: { version: 'v1' } });
  await expect(next).resolves.toMatchObject({ version: 'v1' });
});

test('close cuts calls that hang', async () => {
  await open();
  const hanging = port.call('Version', {});
  await until(() => calls.length === 1);
  await Promise.all([server.close(), expect(hanging).rejects.toMatchObject({ name: 'CriError' })]);
});

test('a message larger than the limit is refused and the server goes on', async () => {
  await open((_method, _request, reply) => reply({ code: 'OK', response: { imageRef: 'i' } }), {
    messageBytesMax: 64 * 1024,
  });
  const huge = { image: { image: 'x'.repeat(100_000) } };
  await expect(port.call('PullImage', huge)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  expect(calls).toHaveLength(0);
  await expect(port.call('PullImage', { image: { image: 'x' } })).resolves.toMatchObject({ imageRef: 'i' });
});

test('methods that the suite does not know are UNIMPLEMENTED, in either version', async () => {
  await open((_method, _request, reply) => reply({ code: 'OK', response: {} }));
  const raw = new Client(server.endpoint, credentials.createInsecure());
  const code = (path: string): Promise<number> =>
    new Promise((resolve) => {
      const same = (bytes: Buffer): Buffer => bytes;
      raw.makeUnaryRequest(path, same, same, Buffer.alloc(0), (error) => resolve(error?.code ?? status.OK));
    });
  expect(await code('/runtime.v1.RuntimeService/CheckpointPod')).toBe(status.UNIMPLEMENTED);
  expect(await code('/runtime.v1.RuntimeService/Version')).toBe(status.OK);
  expect(await code('/runtime.v1alpha2.ImageService/ListImages')).toBe(status.OK);
  raw.close();
});

test('agents that speak the older version are told that it is the one', async () => {
  await open((_method, _request, reply) => reply({ code: 'OK', response: { runtimeApiVersion: 'v1' } }));
  const older = openCriConnection(server.endpoint, 'v1alpha2');
  expect(await older.call('Version', {}, 1_000)).toMatchObject({ runtimeApiVersion: 'v1alpha2' });
  older.close();
  expect(await port.call('Version', {})).toMatchObject({ runtimeApiVersion: 'v1' });
});

test('a list that is asked for in pieces is the list, in pieces', async () => {
  const images = Array.from({ length: 1_201 }, (_, index) => ({ id: `sha256:${index}`, size: 1 }));
  await open((method, _request, reply) =>
    reply(
      method === 'ListImages'
        ? { code: 'OK', response: { images } }
        : { code: 'UNAVAILABLE', message: 'not now' },
    ),
  );
  const protocol = loadCriProtocol();
  const raw = new Client(server.endpoint, credentials.createInsecure());
  const listed = async (name: string): Promise<object[]> => {
    const { path, requestSerialize, responseDeserialize } = protocol.get(name)!;
    const pieces: object[] = [];
    const stream = raw.makeServerStreamRequest<object, object>(
      path,
      requestSerialize,
      responseDeserialize,
      {},
    );
    for await (const piece of stream) pieces.push(piece as object);
    return pieces;
  };
  const pieces = (await listed('StreamImages')) as { images: { id: string }[] }[];
  expect(pieces).toHaveLength(3);
  expect(pieces.flatMap((piece) => piece.images.map(({ id }) => id))).toEqual(images.map(({ id }) => id));
  expect(calls.map(({ method }) => method)).toEqual(['ListImages']);
  await expect(listed('StreamContainers')).rejects.toMatchObject({
    code: status.UNAVAILABLE,
    details: 'not now',
  });
  raw.close();
});

test('an agent that does not read its events loses the stream, not the server its memory', async () => {
  await open((_method, _request, reply) => reply({ code: 'OK', response: {} }));
  const ends: unknown[] = [];
  const stream = port.events(
    () => {},
    (error) => ends.push(error),
  );
  await until(() => listeners.size === 1);
  const event: ContainerEvent = {
    containerId: 'c'.repeat(64),
    containerEventType: 'CONTAINER_STOPPED_EVENT',
    createdAt: 1,
  };
  // All in one turn, in which nobody reads.
  for (let count = 0; count < 20_000; count++) for (const listener of listeners) listener(event);
  expect(listeners.size).toBe(0);
  await until(() => ends.length === 1);
  expect(ends[0]).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  stream.close();
  await expect(port.call('Version', {})).resolves.toBeDefined();
});

test('events reach every stream until it is closed; a restart ends streams and is survived', async () => {
  await open((_method, _request, reply) => reply({ code: 'OK', response: {} }));
  const event: ContainerEvent = {
    containerId: 'c1',
    containerEventType: 'CONTAINER_STOPPED_EVENT',
    createdAt: 1_000,
  };
  const got: ContainerEvent[] = [];
  const ends: unknown[] = [];
  const stream = port.events(
    (each) => got.push(each),
    (error) => ends.push(error),
  );
  port.events(
    (each) => got.push(each),
    (error) => ends.push(error),
  );
  await until(() => listeners.size === 2);
  for (const listener of listeners) listener(event);
  await until(() => got.length === 2);
  expect(got[0]).toMatchObject(event);

  stream.close();
  await until(() => listeners.size === 1);
  await server.close();
  await until(() => ends.length === 1);
  expect(ends[0]).toMatchObject({ name: 'CriError' });
  await expect(port.call('Version', {})).rejects.toMatchObject({ code: 'UNAVAILABLE' });

  const first = port;
  await open((_method, _request, reply) => reply({ code: 'OK', response: {} }));
  await expect
    .poll(
      () =>
        first.call('Version', {}).then(
          () => 'OK',
          () => 'failed',
        ),
      { timeout: 5_000 },
    )
    .toBe('OK');
  first.close();
});

test('a socket that cannot be made is a clear error', async () => {
  await open();
  const longPath = join(directory, 'x'.repeat(120), 'cri.sock');
  const other = createCriServer({ socketPath: longPath, handle: () => {}, subscribeEvents: () => () => {} });
  await expect(other.start()).rejects.toMatchObject({
    code: 'cri-socket-failed',
    exitCode: 69,
    file: longPath,
  });
  await other.close();
});
