import type { sendUnaryData, ServerUnaryCall, ServerWritableStream, StatusObject } from '@grpc/grpc-js';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CriApiVersion } from '../../core/cri-protocol.js';
import { loadCriProtocol } from '../../core/cri-protocol.js';
import { ExitCode, HarnessError } from '../../core/errors.js';
import type { ContainerEvent, CriResult } from '../../ports/cri.js';
import type { CriMethod } from '../../spec/plan.js';
import { criMethods } from '../../spec/plan.js';
import { answerSerializer } from './answer-serializer.js';
import { listStreams, piecesOf, type ListStream } from './list-streams.js';

/** Calls back once, at once if it already is so, when the caller goes away or its deadline passes before it was answered. */
export type OnCancelled = (callback: () => void) => void;

export interface CriServerOptions {
  /** The socket is readable by its owner only, and so is its directory, which is made when missing. */
  readonly socketPath: string;
  /**
   * Gets every unary call. `reply` counts once; later ones are ignored. A call that is never answered hangs
   * until the caller goes or the server closes.
   */
  readonly handle: (
    method: CriMethod,
    request: object,
    reply: (result: CriResult) => void,
    onCancelled: OnCancelled,
  ) => void;
  /** Called for each GetContainerEvents stream; returns how to end it. */
  readonly subscribeEvents: (onEvent: (event: ContainerEvent) => void) => () => void;
  /** Default: both, as runtimes do. */
  readonly apiVersions?: readonly CriApiVersion[];
  /** Unanswered calls at one time; more are refused with RESOURCE_EXHAUSTED. Default 1024. */
  readonly openCallsMax?: number;
  /** Default 16 MiB, as containerd's. */
  readonly messageBytesMax?: number;
}

export interface CriServer {
  /** `unix:///…`, as agents are told it. */
  readonly endpoint: string;
  /** Resolves when calls are accepted; rejects with a HarnessError when the socket cannot be made. */
  start(): Promise<void>;
  /** Cuts every call and removes the socket. Harmless when repeated. */
  close(): Promise<void>;
}

/** The system's limit, without the closing zero. */
const socketPathMax = 107;
/** Events that one stream may have waiting for a reader that does not read; then the stream is ended. */
const waitingEventsMax = 10_000;

/** The CRI over gRPC on a unix socket. It only carries messages: what they mean is the handler's. */
export function createCriServer(options: CriServerOptions): CriServer {
  const { socketPath, openCallsMax = 1024, messageBytesMax = 16 * 1024 * 1024 } = options;
  const server = new Server({
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc.max_concurrent_streams': openCallsMax + 16,
  });
  const endpoint = `unix://${socketPath}`;
  const counter = { open: 0, max: openCallsMax };
  for (const apiVersion of options.apiVersions ?? ['v1', 'v1alpha2']) {
    const protocol = loadCriProtocol(apiVersion);
    const handle = apiVersion === 'v1' ? options.handle : inVersion(apiVersion, options.handle);
    for (const [name, list] of listStreams) {
      const { path, requestDeserialize, responseSerialize } = protocol.get(name)!;
      const onCall = listHandler(list, handle, counter);
      server.register(path, onCall, responseSerialize, requestDeserialize, 'serverStream');
    }
    for (const method of criMethods) {
      const { path, requestDeserialize, responseSerialize } = protocol.get(method)!;
      if (method === 'GetContainerEvents') {
        const onStream = streamHandler(options.subscribeEvents);
        server.register(path, onStream, responseSerialize, requestDeserialize, 'serverStream');
      } else {
        const onCall = unaryHandler(method, handle, counter);
        const serialize = answerSerializer(method, responseSerialize);
        server.register(path, onCall, serialize, requestDeserialize, 'unary');
      }
    }
  }
  return {
    endpoint,
    async start() {
      // The library would print a line of its own about it.
      if (Buffer.byteLength(socketPath) > socketPathMax) throw socketFailed(socketPath, undefined);
      try {
        mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
        rmSync(socketPath, { force: true });
        await bind(server, endpoint);
        chmodSync(socketPath, 0o600);
      } catch (cause) {
        throw socketFailed(socketPath, cause);
      }
    },
    async close() {
      server.forceShutdown();
      rmSync(socketPath, { force: true });
    },
  };
}

function unaryHandler(
  method: CriMethod,
  handle: CriServerOptions['handle'],
  counter: { open: number; readonly max: number },
) {
  return (call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>): void => {
    if (counter.open >= counter.max) {
      answer({ code: status.RESOURCE_EXHAUSTED, details: `more than ${counter.max} calls are open` });
      return;
    }
    counter.open++;
    let ended = false;
    const callbacks: (() => void)[] = [];
    call.on('cancelled', () => {
      if (ended) return;
      ended = true;
      counter.open--;
      for (const callback of callbacks) callback();
    });
    const reply = (result: CriResult): void => {
      if (ended) return;
      ended = true;
      counter.open--;
      if (result.code === 'OK') answer(null, (result as { response: object }).response);
      else answer({ code: status[result.code], details: (result as { message: string }).message });
    };
    handle(method, call.request, reply, (callback) => {
      if (call.cancelled) callback();
      else callbacks.push(callback);
    });
  };
}

/** The messages are the same, but for what a runtime says of itself. */
function inVersion(
  apiVersion: CriApiVersion,
  handle: CriServerOptions['handle'],
): CriServerOptions['handle'] {
  return (method, request, reply, onCancelled) => {
    if (method !== 'Version') return handle(method, request, reply, onCancelled);
    const told = (result: CriResult): void => {
      if (result.code !== 'OK') return reply(result);
      const { response } = result as { response: object };
      reply({ code: 'OK', response: { ...response, runtimeApiVersion: apiVersion } });
    };
    handle(method, request, told, onCancelled);
  };
}

function listHandler(
  list: ListStream,
  handle: CriServerOptions['handle'],
  counter: { open: number; readonly max: number },
) {
  const unary = unaryHandler(list.of, handle, counter);
  return (call: ServerWritableStream<object, object>): void => {
    const answer: sendUnaryData<object> = (error, response) => {
      if (error !== null) return fail(call, error);
      for (const piece of piecesOf(list, response!)) call.write(piece);
      call.end();
    };
    unary(call as unknown as ServerUnaryCall<object, object>, answer);
  };
}

function streamHandler(subscribe: CriServerOptions['subscribeEvents']) {
  return (call: ServerWritableStream<object, object>): void => {
    // The header at once: otherwise a client cannot tell an idle stream from one that never opened.
    call.sendMetadata(call.metadata.clone());
    let waiting = 0;
    const unsubscribe = subscribe((event) => {
      if (waiting >= waitingEventsMax) {
        unsubscribe();
        fail(call, { code: status.RESOURCE_EXHAUSTED, details: `${waitingEventsMax} events were not read` });
        return;
      }
      waiting++;
      call.write(event, () => void waiting--);
    });
    call.on('cancelled', unsubscribe);
    call.on('close', unsubscribe);
  };
}

/** Ends a stream with this status, behind what is still on its way. To destroy it would leave its reader waiting. */
function fail(call: ServerWritableStream<object, object>, end: Partial<StatusObject>): void {
  call.emit('error', Object.assign(new Error(end.details), end));
}

function bind(server: Server, endpoint: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(endpoint, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

function socketFailed(socketPath: string, cause: unknown): HarnessError {
  const length = Buffer.byteLength(socketPath);
  const isLong = length > socketPathMax;
  return new HarnessError({
    code: 'cri-socket-failed',
    message: isLong ? 'The path of the CRI socket is too long.' : 'The CRI socket cannot be made.',
    exitCode: ExitCode.unavailable,
    file: socketPath,
    expected: isLong
      ? `at most ${socketPathMax} bytes, for the path of a unix socket`
      : 'a directory that can be written',
    got: isLong ? `${length} bytes` : cause instanceof Error ? cause.message : String(cause),
    hint: 'Set TMPDIR to a short directory that you can write, for example /tmp.',
    cause,
  });
}
