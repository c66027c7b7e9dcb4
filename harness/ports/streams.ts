import type { Duplex, Readable, Writable } from 'node:stream';
import type { CriResult } from './cri.js';

/** Of a terminal, in characters. */
export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** The client's ends of a session; those that it did not ask for are undefined. */
export interface SessionStreams {
  /** What the client sends to the command. */
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  /** Undefined with a terminal, which has one output. */
  readonly stderr: Writable | undefined;
  /** Calls back for each size that the client's terminal takes. */
  onResize(callback: (size: TerminalSize) => void): void;
  /** Aborted when the client goes away before the end. */
  readonly gone: AbortSignal;
}

/** How a session ended; an error is one of the runtime, as opposed to a command that failed. */
export type SessionEnd = { readonly exitCode: number } | { readonly error: string };

/** A command in a container, or its main process, that a client may be connected with. */
export interface CommandSession {
  readonly kind: 'exec' | 'attach';
  /** Of exec; empty of attach. */
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Resolves at the end, when all output has been written to the streams. Never rejects. */
  run(streams: SessionStreams): Promise<SessionEnd>;
}

/** The ports of a pod that a client may be connected with. */
export interface ForwardSession {
  readonly kind: 'portforward';
  /** As far as the request named any. */
  readonly ports: readonly number[];
  /** A connection with what listens in the pod. Rejects with an Error that says why there is none. */
  connect(port: number): Promise<Duplex>;
}

export type Session = CommandSession | ForwardSession;

/** Where clients have the sessions that Exec, Attach and PortForward prepare. */
export interface StreamingServer {
  /** The answer to the call: a URL that is good for one client, for a minute. Opens the server if need be. */
  offer(session: Session): Promise<CriResult>;
  /** Cuts what is open. Harmless when repeated. */
  close(): Promise<void>;
}
