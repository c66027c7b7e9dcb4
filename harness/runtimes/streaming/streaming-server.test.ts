import { request } from 'node:http';
import { PassThrough } from 'node:stream';
import { deflateSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import type { CommandSession, SessionStreams, StreamingServer } from '../../ports/streams.js';
import { controlFrame, dataFrame, frameTypes, words } from './spdy-frames.js';
import { createHeaderCodec } from './spdy-headers.js';
import { createStreamingServer } from './streaming-server.js';
import { commandStreams, openSpdy, openWebSocket, upgrade } from './testing/session-client.js';

let server: StreamingServer;
afterEach(() => server.close());

const echo = async ({ stdin, stdout }: SessionStreams): Promise<{ exitCode: number }> => {
  stdin!.pipe(stdout!, { end: false });
  await new Promise((resolve) => stdin!.once('end', resolve));
  return { exitCode: 0 };
};
const command = (run: CommandSession['run'] = echo): CommandSession => ({
  kind: 'exec',
  command: ['cat'],
  tty: false,
  stdin: true,
  stdout: true,
  stderr: false,
  run,
});
async function offer(session: Parameters<StreamingServer['offer']>[0] = command()): Promise<string> {
  const result = await server.offer(session);
  return (result as unknown as { response: { url: string } }).response.url;
}
const fresh = (options: Parameters<typeof createStreamingServer>[0] = {}): void => {
  server = createStreamingServer(options);
};

test('a URL is good for one client, on this machine only', async () => {
  fresh();
  const url = await offer();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/exec\/[\w-]{22}$/);
  const client = await openSpdy(url, commandStreams('stdin', 'stdout'));
  await expect(openSpdy(url, commandStreams('stdin', 'stdout'))).rejects.toThrow('HTTP 404');
  client.send('stdin', 'still there');
  client.end('stdin');
  await client.closed;
  expect(client.received['stdout']).toBe('still there');
});

test('a URL is good for a while only', async () => {
  fresh({ offerTimeoutMs: 20 });
  const url = await offer();
  await new Promise((resolve) => setTimeout(resolve, 60));
  await expect(openWebSocket(url)).rejects.toThrow('404');
});

test('there is a bound on how many are offered at one time', async () => {
  fresh();
  for (let count = 0; count < 1_000; count++) await server.offer(command());
  expect(await server.offer(command())).toEqual({
    code: 'RESOURCE_EXHAUSTED',
    message: 'maximum number of in-flight requests exceeded',
  });
});

test('clients that ask for no session, or speak no protocol that is known, are refused', async () => {
  fresh();
  const url = await offer();
  const status = await new Promise((resolve, reject) => {
    request(url, (response) => resolve(response.statusCode))
      .once('error', reject)
      .end();
  });
  expect(status).toBe(400);
  await expect(upgrade(url, { upgrade: 'h2c' })).rejects.toThrow('HTTP 400');
  await expect(openSpdy(url, {}, ['v9.channel.k8s.io'])).rejects.toThrow('HTTP 403');
  await expect(openWebSocket(await offer(), 'v9.channel.k8s.io')).rejects.toThrow();
});

test.each(['v4.channel.k8s.io', 'v5.channel.k8s.io', 'base64.channel.k8s.io', 'v4.base64.channel.k8s.io'])(
  'the subprotocol %s',
  async (protocol) => {
    fresh();
    const url = await offer(
      command(async ({ stdin, stdout }) => {
        const data = await new Promise((resolve) => stdin!.once('data', resolve));
        stdout!.write(`got ${String(data)}`);
        return { exitCode: 2 };
      }),
    );
    const client = await openWebSocket(url, protocol);
    client.send('stdin', 'this');
    await client.closed;
    expect(client.received['stdout']).toBe('got this');
    const said = client.received['error']!;
    if (protocol.startsWith('v')) expect(JSON.parse(said)).toMatchObject({ reason: 'NonZeroExitCode' });
    else expect(said).toMatch(/^command terminated with non-zero exit code: .*exit code 2$/);
  },
);

test('the newest subprotocol can end the input', async () => {
  fresh();
  const client = await openWebSocket(await offer(), 'v5.channel.k8s.io');
  client.send('stdin', 'all');
  client.end('stdin');
  await client.closed;
  expect(client.received['stdout']).toBe('all');
  expect(JSON.parse(client.received['error']!)).toEqual({ metadata: {}, status: 'Success' });
});

test.each(['SPDY', 'a WebSocket'])('a client that goes away is noticed, over %s', async (transport) => {
  fresh();
  let gone: AbortSignal | undefined;
  const session = command((streams) => {
    gone = streams.gone;
    return new Promise(() => {});
  });
  const url = await offer(session);
  const client = await (transport === 'SPDY'
    ? openSpdy(url, commandStreams('stdin', 'stdout'))
    : openWebSocket(url));
  await expect.poll(() => gone?.aborted).toBe(false);
  client.destroy();
  await expect.poll(() => gone?.aborted).toBe(true);
});

test('a size of the terminal arrives, nonsense in its place does not', async () => {
  fresh();
  const sizes: object[] = [];
  const session = { ...command(), tty: true };
  const url = await offer({
    ...session,
    run(streams) {
      streams.onResize((size) => sizes.push(size));
      return echo(streams);
    },
  });
  const client = await openSpdy(url, commandStreams('stdin', 'stdout', 'resize'));
  client.send('resize', '{"Width":80,"Hei');
  client.send('resize', 'ght":24}{"Width":-1}{}nonsense}{"Width":120,"Height":40}\n');
  await expect
    .poll(() => sizes)
    .toEqual([
      { width: 80, height: 24 },
      { width: 120, height: 40 },
    ]);
  client.end('stdin');
  await client.closed;
});

/** Each is sent by a client that has just been let in. */
const garbage: Record<string, () => Promise<Buffer> | Buffer> = {
  'no frames at all': () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100)),
  'a frame of another version': () => Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0]),
  'a frame without an end': () => Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff]),
  'headers that are not packed': () => controlFrame(frameTypes.synStream, 0, Buffer.alloc(64, 7)),
  'headers that blow up': () => {
    const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024));
    return controlFrame(frameTypes.synStream, 0, Buffer.concat([words(1, 0), Buffer.alloc(2), bomb]));
  },
  'more headers than anybody has': async () => {
    const codec = createHeaderCodec();
    const headers = new Map(Array.from({ length: 500 }, (_, index) => [`h${index}`, 'x']));
    const block = await codec.pack(headers);
    return controlFrame(frameTypes.synStream, 0, Buffer.concat([words(1, 0), Buffer.alloc(2), block]));
  },
};
test.each(Object.keys(garbage))('a client that sends %s is cut off, and the server goes on', async (name) => {
  fresh();
  const socket = await upgrade(await offer(), {
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': 'v4.channel.k8s.io',
  });
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  socket.on('error', () => {}).resume();
  socket.write(await garbage[name]!());
  await closed;
  const client = await openSpdy(await offer(), commandStreams('stdin', 'stdout'));
  client.end('stdin');
  await client.closed;
});

test('data for streams that nobody opened is let go, pings are answered', async () => {
  fresh();
  const socket = await upgrade(await offer(), {
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': 'v4.channel.k8s.io',
  });
  const chunks: Buffer[] = [];
  socket.on('error', () => {}).on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(dataFrame(77, Buffer.from('lost'), true));
  socket.write(controlFrame(frameTypes.ping, 0, words(9)));
  await expect.poll(() => Buffer.concat(chunks)).toEqual(controlFrame(frameTypes.ping, 0, words(9)));
  socket.destroy();
});

test('the first block of headers is packed as all who speak SPDY/3.1 expect it', async () => {
  fresh();
  const block = await createHeaderCodec().pack(new Map());
  // The last four of these are the checksum of the dictionary.
  expect(block.subarray(0, 6).toString('hex')).toMatch(/^78..e3c6a7c2$/);
});

test('a client that does not read slows the command down instead of filling the memory', async () => {
  fresh();
  let written = 0;
  const session = command(async ({ stdout, gone }) => {
    const piece = Buffer.alloc(64 * 1024, 'x');
    const aborted = new Promise((resolve) => gone.addEventListener('abort', resolve));
    while (written < 256 * 1024 * 1024 && !gone.aborted) {
      written += piece.length;
      if (!stdout!.write(piece))
        await Promise.race([new Promise((resolve) => stdout!.once('drain', resolve)), aborted]);
    }
    return { exitCode: 0 };
  });
  const socket = await upgrade(await offer(session), {
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': 'v4.channel.k8s.io',
  });
  socket.on('error', () => {});
  const codec = createHeaderCodec();
  for (const [index, name] of ['error', 'stdin', 'stdout'].entries()) {
    const block = await codec.pack(new Map([['streamtype', name]]));
    socket.write(
      controlFrame(frameTypes.synStream, 0, Buffer.concat([words(2 * index + 1, 0), Buffer.alloc(2), block])),
    );
  }
  await expect.poll(() => written).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(written).toBeLessThan(64 * 1024 * 1024);
  socket.destroy();
});

test('a connection to a port is cut with its client', async () => {
  fresh();
  const inside = new PassThrough();
  const url = await offer({ kind: 'portforward', ports: [80], connect: () => Promise.resolve(inside) });
  const stream = (streamtype: string) => ({ streamtype, port: '80', requestid: '0' });
  const streams = { error: stream('error'), data: stream('data') };
  const client = await openSpdy(url, streams, ['portforward.k8s.io']);
  client.send('data', 'ping');
  await expect.poll(() => client.received['data']).toBe('ping');
  client.destroy();
  await expect.poll(() => inside.destroyed).toBe(true);
});

test('ports over a WebSocket: what is sent and what is complained of, in channels of their own', async () => {
  fresh();
  const url = await offer({
    kind: 'portforward',
    ports: [80, 81],
    connect: (port) =>
      port === 80 ? Promise.resolve(new PassThrough()) : Promise.reject(new Error('nobody')),
  });
  const client = await openWebSocket(url, 'v4.channel.k8s.io', ['data80', 'error80', 'data81', 'error81']);
  client.send('data80', 'ping');
  await expect.poll(() => client.received['data80']).toBe('\x50\x00ping');
  expect(client.received['error80']).toBe('\x50\x00');
  await expect.poll(() => client.received['error81']).toBe('\x51\x00error forwarding port 81 to pod: nobody');
  client.destroy();
});
