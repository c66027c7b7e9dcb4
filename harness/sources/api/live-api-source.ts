import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createApiServer } from '../../../fakes/api-server/api-server.js';
import { createDirectBackend } from '../../../fakes/api-server/direct-backend.js';
import { furnish, furnishContents } from '../../../fakes/api-server/furnish.js';
import { createCertificates, type Certificates } from '../../../fakes/api-server/http/create-certificates.js';
import { createHttpFront, type HttpFront } from '../../../fakes/api-server/http/http-front.js';
import { locatePod } from '../../../fakes/api-server/locate-pod.js';
import type { Route } from '../../../fakes/api-server/route.js';
import { ExitCode, HarnessError } from '../../core/errors.js';
import type { LiveSource, SourceContext } from '../../ports/source.js';
import { createApiGate, type ApiGate } from './api-gate.js';
import { peopleKubeconfigOf, removeKubeconfigs, writeKubeconfig } from './kubeconfig-files.js';

export interface LiveApiOptions {
  /** Where the kubeconfig files are written. */
  readonly directory: string;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly wallClock?: () => number;
  /** Default 127.0.0.1: nobody else has to reach it. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

/**
 * The API source in live: a real server with TLS; `open` resolves to the path of a kubeconfig file for it. People who
 * look on have a file of their own beside it: what they ask meets no fault, and is not taken for the agent's doing.
 */
export function createLiveApiSource(context: SourceContext, options: LiveApiOptions): LiveSource {
  return serveApi(context, options).source;
}

/** The source, and what is behind its server once it is open. */
export interface ServedApi {
  readonly source: LiveSource;
  readonly gate: ApiGate;
  /** Makes namespaces with what each has by itself. */
  furnish(namespaces: readonly string[]): void;
}

export function serveApi(context: SourceContext, options: LiveApiOptions): ServedApi {
  const tokens = { agent: newToken(), people: newToken() };
  const { wallClock = () => Date.now() } = options;
  const gate = createApiGate(context, {
    wallClock,
    latencies: { replyMs: 0, eventMs: 0 },
    isAttended: () => true,
  });
  const { store } = gate;
  let front: HttpFront | undefined;
  let authorityOf = '';
  const kubeconfig = join(options.directory, 'kubeconfig');
  const source: LiveSource = {
    kind: 'api',
    apply: (step) => gate.apply(step),
    heal: () => gate.heal(),
    busy: () => gate.busy(),
    async open() {
      const { host = '127.0.0.1' } = options;
      const { authority, client, ...tls } = await certificatesFor(host);
      authorityOf = authority;
      const onNamespace = (name: string): void => furnishContents(store, name, authority);
      const server = createApiServer({ store, wallClock, onNamespace });
      const people = createDirectBackend({ server, store, clock: context.clock });
      const users = [
        { token: tokens.agent, backend: gate },
        {
          token: tokens.people,
          backend: people,
          locatePod: (route: Route, search: URLSearchParams) => ({
            ...locatePod(store, route, search),
            client,
          }),
        },
      ];
      front = createHttpFront({ users, tls });
      const url = await front.listen(options).catch((cause: unknown) => {
        throw unavailable(options, cause);
      });
      furnish(store, { authority, namespaces: context.pods.map(({ identity }) => identity.namespace) });
      gate.begin();
      writeKubeconfig(kubeconfig, { url, authority, user: 'agent', token: tokens.agent });
      const forPeople = { url, authority, user: 'people', token: tokens.people };
      writeKubeconfig(peopleKubeconfigOf(kubeconfig), forPeople);
      return kubeconfig;
    },
    async close() {
      await front?.close();
      removeKubeconfigs(kubeconfig);
    },
  };
  return {
    source,
    gate,
    furnish: (namespaces) => furnish(store, { authority: authorityOf, namespaces }),
  };
}

const certificates = new Map<string, Promise<Certificates>>();

/**
 * Made once for all servers of this process at that address: it is a twelfth of the work for an agent that runs alone.
 * Users are told apart by their tokens, of which each server has its own.
 */
function certificatesFor(host: string): Promise<Certificates> {
  let made = certificates.get(host);
  if (made === undefined) {
    made = createCertificates([host, 'localhost']);
    made.catch(() => certificates.delete(host));
    certificates.set(host, made);
  }
  return made;
}

function newToken(): string {
  return randomBytes(24).toString('base64url');
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
