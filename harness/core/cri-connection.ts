import type { ClientReadableStream, ClientUnaryCall, ServiceError } from '@grpc/grpc-js';
import { Client, credentials, status } from '@grpc/grpc-js';
import type { CriApiVersion } from './cri-protocol.js';
import { loadCriProtocol } from './cri-protocol.js';

/** Messages as the ports describe them go in and out; this only carries them. */
export interface CriConnection {
  /** Rejects with {@link CriCallFailure}: the runtime refused, could not be reached, or took too long. */
  call(method: string, request: object, timeoutMs: number): Promise<object>;
  /** Opens GetContainerEvents. `onEnd` is called once, when the stream ends other than by `close`. */
  events(onEvent: (event: object) => void, onEnd: (failure?: CriCallFailure) => void): { close(): void };
  /** Cuts what is open. */
  close(): void;
}

/** `code` is the name of the gRPC status, `UNAVAILABLE` for example. */
export class CriCallFailure extends Error {
  override readonly name = 'CriCallFailure';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** As containerd's. */
const messageBytesMax = 16 * 1024 * 1024;

/**
 * A connection to a CRI server on `unix:///…`. It is made when needed and again after it broke; a call that
 * finds the server gone is answered UNAVAILABLE at once, as in the kubelet.
 */
export function openCriConnection(endpoint: string, apiVersion: CriApiVersion = 'v1'): CriConnection {
  const protocol = loadCriProtocol(apiVersion);
  const client = new Client(endpoint, credentials.createInsecure(), {
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    // A runtime that was restarted is to be found again within moments, not after the usual 20 s or more.
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.min_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 1_000,
  });
  const streams = new Set<ClientReadableStream<object>>();
  const calls = new Set<ClientUnaryCall>();
  let closed = false;
  return {
    call(method, request, timeoutMs) {
      if (closed) return Promise.reject(new CriCallFailure('UNAVAILABLE', 'the connection is closed'));
      const { path, requestSerialize, responseDeserialize } = protocol.get(method)!;
      const deadline = Date.now() + timeoutMs;
      return new Promise((resolve, reject) => {
        const call = client.makeUnaryRequest<object, object>(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          { deadline },
          (error, response) => {
            calls.delete(call);
            if (error === null) resolve(response!);
            else if (closed) reject(new CriCallFailure('UNAVAILABLE', 'the connection was closed'));
            else reject(toFailure(error));
          },
        );
        calls.add(call);
      });
    },
    events(onEvent, onEnd) {
      const { path, requestSerialize, responseDeserialize } = protocol.get('GetContainerEvents')!;
      const stream = client.makeServerStreamRequest<object, object>(
        path,
        requestSerialize,
        responseDeserialize,
        {},
      );
      streams.add(stream);
      let ended = false;
      const end = (failure?: CriCallFailure): void => {
        streams.delete(stream);
        if (ended) return;
        ended = true;
        onEnd(failure);
      };
      stream.on('data', (event: object) => {
        if (!ended) onEvent(event);
      });
      stream.on('error', (error: ServiceError) => end(toFailure(error)));
      stream.on('end', () => end());
      return {
        close() {
          ended = true;
          stream.cancel();
        },
      };
    },
    close() {
      closed = true;
      for (const open of [...streams, ...calls]) open.cancel();
      client.close();
    },
  };
}

function toFailure(error: ServiceError): CriCallFailure {
  return new CriCallFailure(status[error.code] ?? 'UNKNOWN', error.details || error.message);
}
