import type { CriCallFailure } from '../../core/cri-connection.js';
import { openCriConnection } from '../../core/cri-connection.js';
import type { ContainerEvent, CriClient, CriRequest, CriResponse } from '../../ports/cri.js';
import { CriError } from '../../ports/cri.js';
import type { CriMethod, GrpcCode } from '../../spec/plan.js';
import { grpcCodes } from '../../spec/plan.js';

/** Deadline of calls whose caller gives none: the kubelet's default. */
const callTimeoutMsDefault = 120_000;

/** A client of a CRI server on `unix:///…`, as an agent has it. */
export function createCriPort(endpoint: string): CriClient & { close(): void } {
  const connection = openCriConnection(endpoint);
  return {
    async call<Method extends CriMethod>(
      method: Method,
      request: CriRequest<Method>,
      options?: { readonly timeoutMs?: number },
    ) {
      try {
        const timeoutMs = options?.timeoutMs ?? callTimeoutMsDefault;
        return (await connection.call(method, request, timeoutMs)) as CriResponse<Method>;
      } catch (error) {
        throw toCriError(error as CriCallFailure);
      }
    },
    events: (onEvent, onEnd) =>
      connection.events(
        (event) => onEvent(event as ContainerEvent),
        (failure) => onEnd(failure === undefined ? undefined : toCriError(failure)),
      ),
    close: () => connection.close(),
  };
}

function toCriError(failure: CriCallFailure): CriError {
  const code = grpcCodes.find((known) => known === failure.code) as GrpcCode | undefined;
  return new CriError(code ?? 'UNKNOWN', failure.message);
}
