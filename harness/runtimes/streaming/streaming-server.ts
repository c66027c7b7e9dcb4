import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Session, StreamingServer } from '../../ports/streams.js';
import { serveSpdy } from './spdy-sessions.js';
import { serveWebSocket } from './web-socket-sessions.js';

/** How long a URL is good for, and how many of them at one time: as in the kubelet's own library for runtimes. */
const offerTimeoutMs = 60_000;
const offersMax = 1_000;
const openMax = 256;
const tokenBytes = 16;

/**
 * Where clients have their sessions, on the loopback interface: whoever knows the URL that Exec, Attach or PortForward
 * answered with, once.
 */
export function createStreamingServer(options: { readonly offerTimeoutMs?: number } = {}): StreamingServer {
  const offers = new Map<string, { readonly session: Session; readonly timer: NodeJS.Timeout }>();
  const sockets = new Set<Duplex>();
  let opening: Promise<Server> | undefined;

  function take(path: string): Session | undefined {
    const offer = offers.get(path);
    if (offer === undefined) return undefined;
    clearTimeout(offer.timer);
    offers.delete(path);
    return offer.session;
  }

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const protocol = String(request.headers.upgrade).toLowerCase();
    if (protocol !== 'spdy/3.1' && protocol !== 'websocket') return refuse(socket, 400, 'Bad Request');
    if (sockets.size >= openMax) return refuse(socket, 429, 'Too Many Requests');
    const session = take(new URL(request.url ?? '', 'http://localhost').pathname);
    if (session === undefined) return refuse(socket, 404, 'Not Found');
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (protocol === 'websocket') return serveWebSocket(session, request, { socket, head });
    if (head.length > 0) socket.unshift(head);
    serveSpdy(session, request, socket);
  }

  function open(): Promise<Server> {
    const server = createServer((_request, response) => {
      response
        .writeHead(400, { 'content-type': 'text/plain' })
        .end('unable to upgrade: no upgrade was asked for\n');
    });
    server.on('upgrade', onUpgrade);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        // A session that a client has left open is no reason to go on running.
        server.unref();
        resolve(server);
      });
    });
  }

  return {
    async offer(session) {
      if (offers.size >= offersMax) {
        return { code: 'RESOURCE_EXHAUSTED', message: 'maximum number of in-flight requests exceeded' };
      }
      const path = `/${session.kind}/${randomBytes(tokenBytes).toString('base64url')}`;
      const server = await (opening ??= open());
      const timer = setTimeout(() => offers.delete(path), options.offerTimeoutMs ?? offerTimeoutMs);
      offers.set(path, { session, timer: timer.unref() });
      const { port } = server.address() as AddressInfo;
      return { code: 'OK', response: { url: `http://127.0.0.1:${port}${path}` } };
    },
    async close() {
      for (const { timer } of offers.values()) clearTimeout(timer);
      offers.clear();
      const server = await opening;
      for (const socket of sockets) socket.destroy();
      server?.closeAllConnections();
      server?.close();
      opening = undefined;
    },
  };
}

function refuse(socket: Duplex, status: number, reason: string): void {
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}
