import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createCertificates } from '../../../fakes/api-server/create-certificates.js';
import { createHttpFront, type HttpFront } from '../../../fakes/api-server/http-front.js';
import { ExitCode, HarnessError } from '../../core/errors.js';
import type { LiveSource, SourceContext } from '../../ports/source.js';
import { createApiGate, type ApiGate } from './api-gate.js';

export interface LiveApiOptions {
  /** Where the kubeconfig file is written. */
  readonly directory: string;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly wallClock?: () => number;
  /** Default 127.0.0.1: nobody else has to reach it. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

/** The API source in live: a real server with TLS; `open` resolves to the path of a kubeconfig file for it. */
export function createLiveApiSource(context: SourceContext, options: LiveApiOptions): LiveSource {
  return serveApi(context, options).source;
}

/** The source, and what is behind its server. */
export function serveApi(
  context: SourceContext,
  options: LiveApiOptions,
): { readonly source: LiveSource; readonly gate: ApiGate } {
  const token = randomBytes(24).toString('base64url');
  const gate = createApiGate(context, {
    wallClock: options.wallClock ?? (() => Date.now()),
    latencies: { replyMs: 0, eventMs: 0 },
    isAttended: () => true,
  });
  let front: HttpFront | undefined;
  const kubeconfig = join(options.directory, 'kubeconfig');
  const source: LiveSource = {
    kind: 'api',
    apply: (step) => gate.apply(step),
    heal: () => gate.heal(),
    busy: () => gate.busy(),
    async open() {
      const { host = '127.0.0.1' } = options;
      const { authority, ...tls } = await createCertificates([host, 'localhost']);
      front = createHttpFront({ backend: gate, token, tls });
      const url = await front.listen(options).catch((cause: unknown) => {
        throw unavailable(options, cause);
      });
      gate.begin();
      // Readable by its owner only: it holds the token.
      writeFileSync(kubeconfig, stringify(kubeconfigOf({ url, authority, token })), { mode: 0o600 });
      return kubeconfig;
    },
    async close() {
      await front?.close();
      rmSync(kubeconfig, { force: true });
    },
  };
  return { source, gate };
}

function kubeconfigOf(access: {
  readonly url: string;
  /** PEM. */
  readonly authority: string;
  readonly token: string;
}): object {
  const cluster = {
    server: access.url,
    'certificate-authority-data': Buffer.from(access.authority).toString('base64'),
  };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'conformance', cluster }],
    users: [{ name: 'agent', user: { token: access.token } }],
    contexts: [{ name: 'conformance', context: { cluster: 'conformance', user: 'agent' } }],
    'current-context': 'conformance',
  };
}

function unavailable({ host = '127.0.0.1', port = 0 }: LiveApiOptions, cause: unknown): HarnessError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new HarnessError({
    code: 'api-address-unavailable',
    message: `The API server cannot listen on ${host}:${port}: ${why}.`,
    exitCode: ExitCode.unavailable,
    hint: 'Choose another port, or end the process that has this one.',
    cause,
  });
}
