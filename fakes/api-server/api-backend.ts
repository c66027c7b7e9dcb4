import type { ApiPortRequest, WatchEvent } from '../../harness/ports/agent.js';
import type { ApiAnswer } from './status-body.js';

/** Who asks: a life of the agent, or a connection. Answers to one that is gone are dropped. */
export interface Caller {
  readonly alive: boolean;
}

/** How a request ends for its caller; one that hangs has no outcome. */
export type Outcome =
  | { readonly kind: 'answer'; readonly answer: ApiAnswer }
  /** The connection is refused, or cut before an answer came. */
  | { readonly kind: 'cut'; readonly code: 'ECONNREFUSED' | 'ECONNRESET' }
  /** An answer with status 200 whose body is no JSON. */
  | { readonly kind: 'undecodable'; readonly body: string };

/** The receiving end of a watch. */
export interface WatchReceiver {
  readonly caller: Caller;
  onEvent(event: WatchEvent): void;
  /** 200: a normal end; 0: the connection is cut; else the server refused with this status and Status body. */
  onEnd(status: number, body?: unknown): void;
}

export interface WatchRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** What a transport carries: a server, with or without somebody who disturbs it. */
export interface ApiBackend {
  request(caller: Caller, request: ApiPortRequest, onOutcome: (outcome: Outcome) => void): void;
  /** A refusal ends the watch before this returns. */
  watch(receiver: WatchReceiver, request: WatchRequest): { close(): void };
}
