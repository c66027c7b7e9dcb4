import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of a server, whatever has become of them: also those that still agree on TLS, or were upgraded. */
export interface OpenConnections {
  /** Breaks the connection of a request, so that its client sees a reset and not an end. */
  reset(request: IncomingMessage): void;
  /** Ends all, and from then on each that comes: none of them keeps the server from closing. */
  close(): void;
}

/**
 * To be asked for before the server listens. With TLS the socket of a request is not the one to be reset: that is
 * below it, and is known only while it connects.
 */
export function createOpenConnections(server: Server): OpenConnections {
  const sockets = new Map<string, Socket>();
  let isClosed = false;
  server.on('connection', (socket: Socket) => {
    if (isClosed) socket.destroy();
    const client = clientOf(socket);
    // It has gone already.
    if (socket.destroyed || client === undefined) return;
    sockets.set(client, socket);
    socket.once('close', () => {
      if (sockets.get(client) === socket) sockets.delete(client);
    });
  });
  return {
    reset: ({ socket }) => void sockets.get(clientOf(socket) ?? '')?.resetAndDestroy(),
    close() {
      isClosed = true;
      for (const socket of sockets.values()) socket.destroy();
    },
  };
}

function clientOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
