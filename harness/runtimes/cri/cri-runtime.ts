import type { CriCallFailure, CriConnection } from '../../core/cri-connection.js';
import { openCriConnection } from '../../core/cri-connection.js';
import type { CriApiVersion } from '../../core/cri-protocol.js';
import type { CriRequest, CriResponse } from '../../ports/cri.js';
import type { CriMethod } from '../../spec/plan.js';
import { runtimeMissing, runtimeNotReady, runtimeSpeaksOtherwise } from './cri-failures.js';

/** A real runtime, as the suite calls it. */
export interface CriRuntime {
  /** `unix:///…`. */
  readonly endpoint: string;
  readonly name: string;
  readonly version: string;
  readonly apiVersion: CriApiVersion;
  /** Rejects with a CriCallFailure. `timeoutMs` is for runtimes that hang, not for what the call itself takes. */
  call<Method extends CriMethod>(
    method: Method,
    request: CriRequest<Method>,
    timeoutMs?: number,
  ): Promise<CriResponse<Method>>;
  close(): void;
}

/** A first answer may take as long as a busy machine needs to start the runtime's side of it. */
const versionTimeoutMs = 10_000;
/** The longest that a runtime may take over anything but a command, a stop or a pull. */
const callTimeoutMsDefault = 120_000;

/** As they are looked for: all that are in use serve the first. */
const apiVersions: readonly CriApiVersion[] = ['v1', 'v1alpha2'];

/** Rejects with a HarnessError when nothing answers there, or nothing that speaks the CRI. */
export async function connectRuntime(endpoint: string): Promise<CriRuntime> {
  let unknown: unknown;
  for (const apiVersion of apiVersions) {
    const connection = openCriConnection(endpoint, apiVersion);
    try {
      const version = await connection.call('Version', {}, versionTimeoutMs);
      return toRuntime(endpoint, { connection, apiVersion, said: version as CriResponse<'Version'> });
    } catch (error) {
      connection.close();
      if (isUnreachable(error)) throw runtimeMissing(endpoint, error);
      unknown = error;
    }
  }
  throw runtimeSpeaksOtherwise(endpoint, unknown);
}

function toRuntime(
  endpoint: string,
  made: { connection: CriConnection; apiVersion: CriApiVersion; said: CriResponse<'Version'> },
): CriRuntime {
  const { connection, apiVersion, said } = made;
  return {
    endpoint,
    name: said.runtimeName,
    version: said.runtimeVersion,
    apiVersion,
    call: <Method extends CriMethod>(
      method: Method,
      request: CriRequest<Method>,
      timeoutMs = callTimeoutMsDefault,
    ) => connection.call(method, request, timeoutMs) as Promise<CriResponse<Method>>,
    close: () => connection.close(),
  };
}

/** Rejects with a HarnessError when the runtime says that it, or its network, is not ready. */
export async function assureReady(runtime: CriRuntime): Promise<void> {
  const { status } = await runtime.call('Status', {});
  const missing = status.conditions.filter(
    (condition) => ['RuntimeReady', 'NetworkReady'].includes(condition.type) && !condition.status,
  );
  if (missing.length === 0) return;
  const words = missing.map(
    ({ type, reason, message }) => `not ${type}: ${message || reason || 'no reason given'}`,
  );
  throw runtimeNotReady(runtime.endpoint, words.join('\n'));
}

/** The socket is not there, or closed itself, or what is behind it does not answer in time. */
export function isUnreachable(error: unknown): boolean {
  const { code } = error as Partial<CriCallFailure>;
  return code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED';
}

/** The runtime has no such thing. */
export function isNotFound(error: unknown): boolean {
  return (error as Partial<CriCallFailure>).code === 'NOT_FOUND';
}
