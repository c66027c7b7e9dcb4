import type { ApiPortRequest } from '../../harness/ports/agent.js';
import { createApiServer, type ApiServerOptions } from './api-server.js';
import { createApiStore, type ApiStoreOptions } from './api-store.js';
import type { ApiObject } from './api-object.js';

/** A server whose time a test sets, for the tests beside. */
export function createTestServer(
  options: Pick<ApiServerOptions, 'node' | 'onNamespace' | 'limits'> &
    Pick<ApiStoreOptions, 'historyMax' | 'historyMaxBytes'> = {},
) {
  const time = { ms: Date.UTC(2026, 0, 1) };
  let uids = 0;
  const wallClock = (): number => time.ms;
  const store = createApiStore({ wallClock, createUid: () => `uid-${++uids}`, ...options });
  const server = createApiServer({ ...options, store, wallClock });
  const ask = (
    method: ApiPortRequest['method'],
    path: string,
    parts: Omit<ApiPortRequest, 'method' | 'path'> = {},
  ) => server.handle({ method, path, ...parts }).answer;
  return { time, store, server, ask };
}

/** A pod as a client would send it. */
export function testPod(name: string, parts: { metadata?: object; spec?: object; status?: object } = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...parts.metadata },
    spec: { containers: [{ name: 'main', image: 'workload' }], ...parts.spec },
    ...(parts.status === undefined ? {} : { status: parts.status }),
  } as ApiObject;
}
