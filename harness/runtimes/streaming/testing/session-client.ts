import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import WebSocket from 'ws';
import { controlFrame, createFrameReader, dataFrame, frameTypes, streamIdIn, words } from '../spdy-frames.js';
import { createHeaderCodec } from '../spdy-headers.js';

/** Clients of sessions as tests need them: kubectl's two transports, without kubectl. */
export interface SessionClient {
  /** What came so far, by the name of the stream. */
  readonly received: Readonly<Record<string, string>>;
  send(name: string, data: string): void;
  /** No more of this. */
  end(name: string): void;
  /** Resolves when the server is done with it. */
  readonly closed: Promise<void>;
  /** Goes away at once. */
  destroy(): void;
}

export type StreamHeaders = Readonly<Record<string, string>>;
/** The streams to open by the names that they are to have here. */
export type Streams = Readonly<Record<string, StreamHeaders>>;

export function commandStreams(...names: ('stdin' | 'stdout' | 'stderr' | 'resize')[]): Streams {
  return Object.fromEntries(['error', ...names].map((name) => [name, { streamtype: name }]));
}

/** The socket after a change of protocol; rejects with the status when the server refuses it. */
export function upgrade(url: string, headers: Record<string, string | string[]>): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', headers: { connection: 'Upgrade', ...headers } });
    asked.once('upgrade', (_response, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.once('response', (response) => reject(new Error(`HTTP ${response.statusCode}`)));
    asked.once('error', reject);
    asked.end();
  });
}

export async function openSpdy(
  url: string,
  streams: Streams,
  protocols: string[] = ['v4.channel.k8s.io'],
): Promise<SessionClient> {
  const socket = await upgrade(url, { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocols });
  const codec = createHeaderCodec();
  const received: Record<string, string> = {};
  const ids = new Map<string, number>();
  const names = new Map<number, string>();
  const replied = new Map<number, () => void>();
  const read = createFrameReader(1 << 24, (frame) => {
    if (frame.kind === 'data') received[names.get(frame.streamId)!] += frame.data.toString();
    else if (frame.type === frameTypes.synReply) replied.get(streamIdIn(frame.body))?.();
  });
  socket.on('data', read);
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  socket.once('end', () => socket.end());
  socket.on('error', () => {});
  let nextId = 1;
  for (const [name, headers] of Object.entries(streams)) {
    const id = nextId;
    nextId += 2;
    ids.set(name, id);
    names.set(id, name);
    received[name] = '';
    const block = await codec.pack(new Map(Object.entries(headers)));
    const answered = new Promise<void>((resolve) => replied.set(id, resolve));
    const body = Buffer.concat([words(id, 0), Buffer.from([0, 0]), block]);
    socket.write(controlFrame(frameTypes.synStream, 0, body));
    await answered;
  }
  return {
    received,
    send: (name, data) => void socket.write(dataFrame(ids.get(name)!, Buffer.from(data), false)),
    end: (name) => void socket.write(dataFrame(ids.get(name)!, Buffer.alloc(0), true)),
    closed,
    destroy: () => socket.destroy(),
  };
}

const channelNames = ['stdin', 'stdout', 'stderr', 'error', 'resize'];

export async function openWebSocket(
  url: string,
  protocol = 'v4.channel.k8s.io',
  names: readonly string[] = channelNames,
): Promise<SessionClient> {
  const isText = protocol.includes('base64');
  const webSocket = new WebSocket(url.replace(/^http/, 'ws'), protocol);
  const received: Record<string, string> = Object.fromEntries(names.map((name) => [name, '']));
  webSocket.on('message', (message: Buffer) => {
    const channel = isText ? message[0]! - 48 : message[0]!;
    const data = isText ? Buffer.from(message.subarray(1).toString(), 'base64') : message.subarray(1);
    received[names[channel]!] += data.toString('latin1');
  });
  const closed = new Promise<void>((resolve) => void webSocket.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    webSocket.once('open', resolve);
    webSocket.once('error', reject);
  });
  const send = (channel: number, data: string): void => {
    if (isText) webSocket.send(`${channel}${Buffer.from(data).toString('base64')}`);
    else webSocket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)]));
  };
  return {
    received,
    send: (name, data) => send(names.indexOf(name), data),
    end: (name) => webSocket.send(Buffer.from([255, names.indexOf(name)])),
    closed,
    destroy: () => webSocket.terminate(),
  };
}
