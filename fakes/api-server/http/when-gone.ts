import type { IncomingMessage, ServerResponse } from 'node:http';

/** One listener for all who ask: a socket serves several requests. */
const waiting = new WeakMap<ServerResponse, (() => void)[]>();

/**
 * Calls back once when a response has ended or its connection has. A response that waits for another one on the same
 * connection is not told of the connection's end.
 */
export function whenGone({ socket }: IncomingMessage, response: ServerResponse, onGone: () => void): void {
  const others = waiting.get(response);
  if (others !== undefined) {
    others.push(onGone);
    return;
  }
  const all = [onGone];
  waiting.set(response, all);
  const end = (): void => {
    response.off('close', end);
    socket.off('close', end);
    for (const one of all.splice(0)) one();
  };
  response.once('close', end);
  socket.once('close', end);
}
