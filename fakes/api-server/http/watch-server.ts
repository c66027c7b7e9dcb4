import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { WatchEvent } from '../../../harness/ports/agent.js';
import type { WatchRequest } from '../api-backend.js';
import { failure, type ApiAnswer } from '../status-body.js';
import { representedEvent, type Representation } from '../table/representation.js';
import { send } from './answers.js';
import type { ApiUser } from './http-front.js';
import { jsonText } from './json-text.js';
import { whenGone } from './when-gone.js';

interface WatchServing {
  readonly user: ApiUser;
  readonly request: WatchRequest;
  readonly form: Representation;
  /** Breaks the connection. */
  readonly reset: () => void;
}

/** Serves watches as streams of JSON lines. */
export interface WatchServer {
  serve(reply: FastifyReply, serving: WatchServing): void;
}

/** What a watcher may leave unread before it is cut off, in bytes. */
const unreadMaxBytes = 8 * 1024 * 1024;
/** What all of them may leave unread together before the one that leaves more than its share is cut off. */
const unreadTogetherMaxBytes = 64 * 1024 * 1024;
const shareBytes = 512 * 1024;

export function createWatchServer({ watchesMax }: { readonly watchesMax: number }): WatchServer {
  const open = new Map<ApiUser, Set<ServerResponse>>();
  const isTooSlow = (response: ServerResponse): boolean => {
    const unread = response.writableLength;
    if (unread <= shareBytes) return false;
    if (unread > unreadMaxBytes) return true;
    let together = 0;
    for (const responses of open.values()) for (const one of responses) together += one.writableLength;
    return together > unreadTogetherMaxBytes;
  };
  return {
    serve(reply, serving) {
      let responses = open.get(serving.user);
      if (responses === undefined) open.set(serving.user, (responses = new Set()));
      if (responses.size >= watchesMax) {
        // With its connection kept, a client that goes on asking would soon have all of them.
        send(reply.header('connection', 'close'), failure(429, 'too many open watches'));
        return;
      }
      const own = responses;
      const response = reply.raw;
      own.add(response);
      whenGone(reply.request.raw, response, () => own.delete(response));
      stream(reply, serving, isTooSlow);
    },
  };
}

function stream(
  reply: FastifyReply,
  { user, request, form, reset }: WatchServing,
  isTooSlow: (response: ServerResponse) => boolean,
): void {
  const response = reply.raw;
  const caller = { alive: true };
  /** Headers go out with the first event, or when the watch has been accepted. */
  const begin = (): void => {
    if (response.headersSent) return;
    reply.hijack();
    response.writeHead(200, { 'content-type': 'application/json' });
  };
  const refuse = (answer: ApiAnswer): void => {
    send(reply, answer);
  };
  const watch = user.backend.watch(
    {
      caller,
      onEvent(event) {
        // What comes before the connection is seen to be gone would be kept in vain.
        if (!caller.alive) return;
        begin();
        response.write(lineOf(form.as === 'object' ? event : representedEvent(event, form, Date.now())));
        if (!isTooSlow(response)) return;
        caller.alive = false;
        reset();
      },
      onEnd(status, body) {
        if (status === 0) {
          reply.hijack();
          reset();
        } else if (status === 200 || response.headersSent) {
          begin();
          response.end();
        } else refuse(body === undefined ? failure(status, 'the watch is refused') : { status, body });
      },
    },
    request,
  );
  whenGone(reply.request.raw, response, () => {
    caller.alive = false;
    watch.close();
  });
  if (reply.sent || response.destroyed) return;
  begin();
  response.flushHeaders();
}

function lineOf({ type, object }: WatchEvent): string {
  return `{"type":"${type}","object":${jsonText(object)}}\n`;
}
