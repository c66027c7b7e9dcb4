import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { CommandSession, ForwardSession, Session } from '../../ports/streams.js';
import { flushed } from './flushed.js';
import { channelProtocol, commandProtocols, endMessage, type CommandProtocol } from './session-protocol.js';
import { forward } from './spdy-sessions.js';
import { parseSize } from './terminal-size.js';

const messageBytesMax = 4 * 1024 * 1024;
/** A client that does not read may have so much waiting for it, in bytes; then its writers wait too. */
const unsentBytesMax = 1024 * 1024;

/** Which stream a message is of: its first byte. */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;
/** Says that the channel named next has ended. */
const closeChannel = 255;

interface Agreed {
  readonly version: CommandProtocol;
  readonly base64: boolean;
}

const subprotocols = new Map<string, Agreed>(
  commandProtocols.flatMap((version) => [
    [channelProtocol(version), { version, base64: false }],
    [channelProtocol(version, true), { version, base64: true }],
  ]),
);

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  maxPayload: messageBytesMax,
  handleProtocols: (offered) => [...offered].find((name) => subprotocols.has(name)) ?? false,
});

/** Serves a session to a client that upgrades to a WebSocket. */
export function serveWebSocket(
  session: Session,
  request: IncomingMessage,
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
): void {
  const offered = request.headers['sec-websocket-protocol'];
  server.handleUpgrade(request, socket, head, (webSocket) => {
    // One that names no version is of the time before there were any.
    const agreed =
      offered === undefined ? { version: '' as const, base64: false } : subprotocols.get(webSocket.protocol);
    webSocket.on('error', () => webSocket.terminate());
    if (agreed === undefined) webSocket.close(1002, 'no protocol that is known');
    else if (session.kind === 'portforward') serveForward(session, createWire(webSocket, agreed));
    else void serveCommand(session, agreed.version, createWire(webSocket, agreed));
  });
}

/** The numbered channels on one WebSocket. */
interface Wire {
  readonly webSocket: WebSocket;
  send(channel: number, data: Buffer): Promise<void>;
  onMessage(listener: (channel: number, data: Buffer) => void): void;
  /** Both directions of a channel. */
  channel(number: number): { readonly stream: Duplex; receive(data: Buffer): void; end(): void };
}

function createWire(webSocket: WebSocket, { base64 }: Agreed): Wire {
  const send = (channel: number, data: Buffer): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => resolve();
      if (webSocket.readyState !== webSocket.OPEN) return done();
      const message = base64
        ? String.fromCharCode(48 + channel) + data.toString('base64')
        : Buffer.concat([Buffer.from([channel]), data]);
      webSocket.send(message, { binary: !base64 }, done);
    });
  return {
    webSocket,
    send,
    onMessage(listener) {
      webSocket.on('message', (message: Buffer) => {
        if (message.length === 0) return;
        if (base64) listener(message[0]! - 48, Buffer.from(message.subarray(1).toString(), 'base64'));
        else listener(message[0]!, message.subarray(1));
      });
    },
    channel(number) {
      const stream = new Duplex({
        allowHalfOpen: true,
        read: () => webSocket.resume(),
        write: (data: Buffer, _encoding, done) => void send(number, data).then(() => done()),
        final: (done) => done(),
      });
      stream.on('error', () => {});
      let isEnded = false;
      return {
        stream,
        receive(data) {
          if (!isEnded && !stream.push(data) && stream.readableLength > unsentBytesMax) webSocket.pause();
        },
        end() {
          if (!isEnded) stream.push(null);
          isEnded = true;
        },
      };
    },
  };
}

async function serveCommand(session: CommandSession, version: CommandProtocol, wire: Wire): Promise<void> {
  const { webSocket } = wire;
  const [stdin, stdout, stderr] = [channels.stdin, channels.stdout, channels.stderr].map((each) =>
    wire.channel(each),
  ) as [ReturnType<Wire['channel']>, ReturnType<Wire['channel']>, ReturnType<Wire['channel']>];
  const gone = new AbortController();
  let resized: Parameters<Parameters<CommandSession['run']>[0]['onResize']>[0] = () => {};
  wire.onMessage((channel, data) => {
    if (channel === channels.stdin) stdin.receive(data);
    else if (channel === closeChannel && version === 'v5' && data[0] === channels.stdin) stdin.end();
    else if (channel === channels.resize) {
      const size = parseSize(data.toString());
      if (size !== undefined) resized(size);
    }
  });
  webSocket.once('close', () => {
    stdin.end();
    gone.abort();
  });
  // Clients take the first message, empty as it is, for the sign that they are connected.
  await wire.send(session.stdout ? channels.stdout : channels.error, Buffer.alloc(0));
  const end = await session.run({
    stdin: session.stdin ? stdin.stream : undefined,
    stdout: session.stdout ? stdout.stream : undefined,
    stderr: session.stderr ? stderr.stream : undefined,
    onResize: (callback) => (resized = callback),
    gone: gone.signal,
  });
  await Promise.all([flushed(stdout.stream), flushed(stderr.stream)]);
  const message = endMessage(version, session, end);
  if (message !== undefined) await wire.send(channels.error, Buffer.from(message));
  webSocket.close(1000);
}

/** Two channels for each port that the request named: what is sent, and what is complained of. */
function serveForward(session: ForwardSession, wire: Wire): void {
  const { webSocket } = wire;
  const connections = new Set<Duplex>();
  const data = session.ports.map((port, index) => {
    const [ends, error] = [wire.channel(2 * index), wire.channel(2 * index + 1)];
    // Which port it is comes first, on both.
    const name = Buffer.alloc(2);
    name.writeUInt16LE(port);
    ends.stream.write(name);
    error.stream.write(name);
    void forward(session, { port, data: ends.stream, error: error.stream, connections });
    return ends;
  });
  wire.onMessage((channel, bytes) => {
    if (channel % 2 === 0) data[channel / 2]?.receive(bytes);
  });
  webSocket.once('close', () => {
    for (const each of data) each.end();
    for (const each of connections) each.destroy();
  });
}
