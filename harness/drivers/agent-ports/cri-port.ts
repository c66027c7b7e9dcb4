import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { Client, credentials, status } from '@grpc/grpc-js';
import { loadCriProtocol } from '../../core/cri-protocol.js';
import type { ContainerEvent, CriClient, CriRequest, CriResponse } from '../../ports/cri.js';
import { CriError } from '../../ports/cri.js';
import type { CriMethod, GrpcCode } from '../../spec/plan.js';
import { grpcCodes } from '../../spec/plan.js';

/** Deadline of calls whose caller gives none: the kubelet's default. */
const callTimeoutMsDefault = 120_000;

const messageBytesMax = 16 * 1024 * 1024;

/**
 * A client of a CRI server on `unix:///…`. Connections are made when needed and again after they broke; a call
 * that finds the server gone is answered UNAVAILABLE at once, as in the kubelet.
 */
export function createCriPort(endpoint: string): CriClient & { close(): void } {
  const protocol = loadCriProtocol();
  const client = new Client(endpoint, credentials.createInsecure(), {
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    // A runtime that was restarted is to be found again within moments, not after the usual 20 s or more.
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.min_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 1_000,
  });
  const streams = new Set<ClientReadableStream<object>>();
  return {
    call<Method extends CriMethod>(
      method: Method,
      request: CriRequest<Method>,
      options?: { readonly timeoutMs?: number },
    ) {
      const { path, requestSerialize, responseDeserialize } = protocol.get(method)!;
      const deadline = Date.now() + (options?.timeoutMs ?? callTimeoutMsDefault);
      return new Promise<CriResponse<Method>>((resolve, reject) => {
        client.makeUnaryRequest<object, object>(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          { deadline },
          (error, response) =>
            error === null ? resolve(response as CriResponse<Method>) : reject(toCriError(error)),
        );
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
      const end = (error?: CriError): void => {
        streams.delete(stream);
        if (ended) return;
        ended = true;
        onEnd(error);
      };
      stream.on('data', (event: ContainerEvent) => {
        if (!ended) onEvent(event);
      });
      stream.on('error', (error: ServiceError) => end(toCriError(error)));
      stream.on('end', () => end());
      return {
        close() {
          ended = true;
          stream.cancel();
        },
      };
    },
    close() {
      for (const stream of streams) stream.cancel();
      client.close();
    },
  };
}

function toCriError(error: ServiceError): CriError {
  const name = status[error.code] as GrpcCode;
  return new CriError(grpcCodes.includes(name) ? name : 'UNKNOWN', error.details || error.message);
}
