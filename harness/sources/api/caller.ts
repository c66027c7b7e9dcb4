import type { ApiAnswer } from '../../../fakes/api-server/status-body.js';

/** Who asks: a life of the agent, or a connection. Answers to one that is gone are dropped. */
export interface Caller {
  readonly alive: boolean;
}

/** How a request ends for its caller. One that hangs does not end until heal. */
export type Outcome =
  | { readonly kind: 'answer'; readonly answer: ApiAnswer }
  /** The connection is refused, or cut before an answer came. */
  | { readonly kind: 'cut'; readonly code: 'ECONNREFUSED' | 'ECONNRESET' }
  /** An answer with status 200 whose body is no JSON. */
  | { readonly kind: 'undecodable'; readonly body: string };

/** How long messages take when nothing disturbs them, in milliseconds. */
export interface Latencies {
  readonly replyMs: number;
  readonly eventMs: number;
}
