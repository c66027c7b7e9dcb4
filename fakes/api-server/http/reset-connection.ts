import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** Breaks the connection of a request, so that its client sees a reset and not an end. */
export type ResetConnection = (request: IncomingMessage) => void;

/**
 * How to reset connections of this server; to be asked for before it listens. With TLS the socket of a request is
 * not the one to be reset: that is below it, and is known only while it connects.
 */
export function createResetConnection(server: Server): ResetConnection {
  const sockets = new Map<number, Socket>();
  server.on('connection', (socket: Socket) => {
    const port = socket.remotePort;
    // It has gone already.
    if (port === undefined) return;
    sockets.set(port, socket);
    socket.once('close', () => {
      if (sockets.get(port) === socket) sockets.delete(port);
    });
  });
  return ({ socket }) => void sockets.get(socket.remotePort ?? 0)?.resetAndDestroy();
}
