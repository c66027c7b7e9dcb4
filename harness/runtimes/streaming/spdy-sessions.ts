import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { CommandSession, ForwardSession, Session, TerminalSize } from '../../ports/streams.js';
import { flushed } from './flushed.js';
import { channelProtocol, endMessage, type CommandProtocol } from './session-protocol.js';
import { openSpdyConnection, type SpdyConnection, type SpdyStream } from './spdy-connection.js';
import { parseSize } from './terminal-size.js';

/** A client that opens none of its streams for so long has forgotten them. */
const streamsTimeoutMs = 30_000;
const versionHeader = 'x-stream-protocol-version';
/** Of commands; the newest is for other transports. */
const commandVersions: readonly CommandProtocol[] = ['v4', 'v3', 'v2', ''];
const forwardProtocol = 'portforward.k8s.io';
/** Connections of one forwarding client that have half of their streams. */
const pairsWaitingMax = 256;

/** Serves a session to a client that upgrades to SPDY/3.1. */
export function serveSpdy(session: Session, request: IncomingMessage, socket: Duplex): void {
  const offered = String(request.headers[versionHeader] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const known =
    session.kind === 'portforward' ? [forwardProtocol] : commandVersions.map((each) => channelProtocol(each));
  // Clients from before there were versions name none.
  const protocol = offered.length === 0 ? known.at(-1) : offered.find((name) => known.includes(name));
  if (protocol === undefined) {
    const names = known.map((name) => `X-Accepted-Stream-Protocol-Versions: ${name}\r\n`).join('');
    socket.end(`HTTP/1.1 403 Forbidden\r\n${names}Content-Length: 0\r\nConnection: close\r\n\r\n`);
    return;
  }
  const agreed = offered.length === 0 ? '' : `X-Stream-Protocol-Version: ${protocol}\r\n`;
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${agreed}\r\n`,
  );
  if (session.kind === 'portforward') serveForward(session, socket);
  else
    serveCommand(
      session,
      commandVersions.find((each) => channelProtocol(each) === protocol)!,
      socket,
    );
}

function serveCommand(session: CommandSession, protocol: CommandProtocol, socket: Duplex): void {
  const streams = new Map<string, SpdyStream>();
  const isResizable = session.tty && (protocol === 'v3' || protocol === 'v4');
  const awaited = [
    'error',
    ...(['stdin', 'stdout', 'stderr'] as const).filter((name) => session[name]),
    ...(isResizable ? ['resize'] : []),
  ];
  const gone = new AbortController();
  const connection = openSpdyConnection(socket, (stream) => {
    streams.set(stream.headers.get('streamtype') ?? '', stream);
    if (isBegun || !awaited.every((name) => streams.has(name))) return;
    isBegun = true;
    clearTimeout(timer);
    void runCommand(session, { protocol, streams, connection, gone: gone.signal });
  });
  let isBegun = false;
  const timer = setTimeout(() => connection.close(), streamsTimeoutMs);
  socket.once('close', () => {
    clearTimeout(timer);
    gone.abort();
  });
}

async function runCommand(
  session: CommandSession,
  served: {
    readonly protocol: CommandProtocol;
    readonly streams: ReadonlyMap<string, SpdyStream>;
    readonly connection: SpdyConnection;
    readonly gone: AbortSignal;
  },
): Promise<void> {
  const { protocol, streams, connection, gone } = served;
  const end = await session.run({
    stdin: streams.get('stdin'),
    stdout: streams.get('stdout'),
    stderr: streams.get('stderr'),
    onResize(callback: (size: TerminalSize) => void) {
      let text = '';
      // One object after the other, each on a line or not.
      streams.get('resize')?.on('data', (data: Buffer) => {
        text += data.toString();
        for (let at = text.indexOf('}'); at >= 0; at = text.indexOf('}')) {
          const size = parseSize(text.slice(0, at + 1));
          text = text.slice(at + 1);
          if (size !== undefined) callback(size);
        }
        if (text.length > 1_024) text = '';
      });
    },
    gone,
  });
  const message = endMessage(protocol, session, end);
  const error = streams.get('error')!;
  if (message !== undefined) error.write(message);
  await Promise.all([...streams.values()].map(flushed));
  connection.close();
}

function serveForward(session: ForwardSession, socket: Duplex): void {
  /** The one of two streams of a connection that came first. */
  const halves = new Map<string, SpdyStream>();
  const connections = new Set<Duplex>();
  openSpdyConnection(socket, (stream) => {
    const port = Number(stream.headers.get('port'));
    const key = `${stream.headers.get('requestid') ?? ''} ${port}`;
    const other = halves.get(key);
    if (other === undefined) {
      if (halves.size >= pairsWaitingMax) stream.end();
      else halves.set(key, stream);
      return;
    }
    halves.delete(key);
    const isError = stream.headers.get('streamtype') === 'error';
    const [data, error] = isError ? [other, stream] : [stream, other];
    void forward(session, { port, data, error, connections });
  });
  socket.once('close', () => connections.forEach((each) => each.destroy()));
}

/** Connects one pair of streams with what listens in the pod. */
export async function forward(
  session: ForwardSession,
  to: {
    readonly port: number;
    readonly data: Duplex;
    readonly error: Duplex;
    /** Open connections, for those who have to cut them. */
    readonly connections: Set<Duplex>;
  },
): Promise<void> {
  const { port, data, error, connections } = to;
  const fail = (cause: unknown): void => {
    const why = cause instanceof Error ? cause.message : String(cause);
    error.end(`error forwarding port ${port} to pod: ${why}`);
    data.end();
  };
  // Nothing comes in on the stream of errors.
  error.resume();
  try {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`"${port}" is no port`);
    const inside = await session.connect(port);
    connections.add(inside);
    inside.once('close', () => connections.delete(inside));
    inside.once('error', fail);
    inside.once('end', () => {
      error.end();
      data.end();
      connections.delete(inside);
    });
    inside.pipe(data, { end: false });
    data.pipe(inside);
  } catch (cause) {
    fail(cause);
  }
}
