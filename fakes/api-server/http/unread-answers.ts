import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { whenGone } from './when-gone.js';

interface UnreadAnswersOptions {
  /** Of all answers that are not taken yet. */
  readonly maxBytes: number;
  /** Breaks the connection of a request. */
  readonly reset: (request: IncomingMessage) => void;
}

/** Answers that wait for their clients to read them. */
export interface UnreadAnswers {
  /** Whether there is room for a request behind those that its connection waits for. */
  admit(request: IncomingMessage, response: ServerResponse): boolean;
  /** An answer is about to be sent. Where that is too much together, the ones that waited longest are cut off. */
  add(request: IncomingMessage, response: ServerResponse, bytes: number): void;
}

/** No client in use sends a request before it has the answer to the one before. */
const openPerConnectionMax = 4;
/** Answers below it are bounded well enough by their number. */
const smallBytes = 64 * 1024;

export function createUnreadAnswers({ maxBytes, reset }: UnreadAnswersOptions): UnreadAnswers {
  const openOn = new WeakMap<Socket, number>();
  /** In the order in which they came. */
  const unread = new Map<ServerResponse, { readonly request: IncomingMessage; readonly bytes: number }>();
  let together = 0;
  const forget = (response: ServerResponse): void => {
    together -= unread.get(response)?.bytes ?? 0;
    unread.delete(response);
  };
  return {
    admit(request, response) {
      const { socket } = request;
      const open = openOn.get(socket) ?? 0;
      if (open >= openPerConnectionMax) return false;
      openOn.set(socket, open + 1);
      whenGone(request, response, () => openOn.set(socket, openOn.get(socket)! - 1));
      return true;
    },
    add(request, response, bytes) {
      if (bytes < smallBytes) return;
      unread.set(response, { request, bytes });
      together += bytes;
      whenGone(request, response, () => forget(response));
      for (const [oldest, { request: waiting }] of unread) {
        if (together <= maxBytes || oldest === response) break;
        forget(oldest);
        reset(waiting);
      }
    },
  };
}
