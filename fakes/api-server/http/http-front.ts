import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ApiPortRequest } from '../../../harness/ports/agent.js';
import type { ApiBackend, Outcome } from '../api-backend.js';
import { streamedSubresourceOf, type AgentAddress } from '../locate-pod.js';
import { routeOf, type Route } from '../route.js';
import { ApiFailure, failure, type ApiAnswer } from '../status-body.js';
import { represented, representationOf, type Representation } from '../table/representation.js';
import { acceptJson, mediaTypeOf } from './body-parser.js';
import { createAgentProxy, type AgentProxy } from './agent-proxy.js';
import { onClientError, refuseConnection, send, sendFailure } from './answers.js';
import { encodeOpenApi, openApiProtobufType } from './openapi-protobuf.js';
import { createOpenConnections, type OpenConnections } from './open-connections.js';
import { createUserFinder, type UserFinder } from './user-finder.js';
import { createUnreadAnswers, type UnreadAnswers } from './unread-answers.js';
import { createWatchServer, type WatchServer } from './watch-server.js';
import { whenGone } from './when-gone.js';

/** Whoever knows the token is this user. */
export interface ApiUser {
  /** What requests carry as `Authorization: Bearer …`. */
  readonly token: string;
  readonly backend: ApiBackend;
  /** With it the user may ask node agents for logs, and run commands through them. */
  readonly locatePod?: (route: Route, search: URLSearchParams) => AgentAddress;
}

export interface HttpFrontOptions {
  readonly users: readonly ApiUser[];
  /** Of a request. Default 3 MiB, as in Kubernetes. */
  readonly bodyMaxBytes?: number;
  /** Open at one time for one user; more are answered 429. Default 400. */
  readonly watchesMax?: number;
  /** Open at one time; more are closed. Default 1,000. */
  readonly connectionsMax?: number;
  /** Of answers that wait for their clients to read them; those that wait longest are cut off. Default 256 MiB. */
  readonly unreadMaxBytes?: number;
  /** For the headers of a request to arrive. Default 10 s. */
  readonly headersTimeoutMs?: number;
  /** For a whole request to arrive. Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** PEM. With it the server speaks TLS; most clients send a token over nothing else. */
  readonly tls?: { readonly key: string; readonly certificate: string };
}

/** The API server on a real socket. */
export interface HttpFront {
  /** Resolves to its URL. Rejects when the address cannot be had. */
  listen(options?: { readonly host?: string; readonly port?: number }): Promise<string>;
  /** Closes every connection. */
  close(): Promise<void>;
}

const bodyMaxBytesDefault = 3 * 1024 * 1024;
const watchesMaxDefault = 400;
const unreadMaxBytesDefault = 256 * 1024 * 1024;
const connectionsMaxDefault = 1_000;
const headersTimeoutMsDefault = 10_000;
const requestTimeoutMsDefault = 30_000;
/** Selectors stand in the first line; agents have tokens of a few kilobytes. */
const headersMaxBytes = 32 * 1024;
/** Longer than agents keep idle connections, so that they and not the server close them. */
const keepAliveMs = 120_000;

export function createHttpFront(options: HttpFrontOptions): HttpFront {
  const app = fastify({
    bodyLimit: options.bodyMaxBytes ?? bodyMaxBytesDefault,
    // Every path is answered by the same handler, which tells them apart.
    serverFactory: (handler) => createFrontServer(options, handler),
    clientErrorHandler: onClientError,
    frameworkErrors: (error, _request, reply) => sendFailure(reply, error),
    forceCloseConnections: true,
  }) as unknown as FastifyInstance<Server>;
  const connections = createOpenConnections(app.server);
  const serving: Serving = {
    users: createUserFinder(options.users),
    connections,
    unread: createUnreadAnswers({
      maxBytes: options.unreadMaxBytes ?? unreadMaxBytesDefault,
      reset: (request) => connections.reset(request),
    }),
    watches: createWatchServer({ watchesMax: options.watchesMax ?? watchesMaxDefault }),
    agents: createAgentProxy(),
  };
  app.server.on('upgrade', (request, socket, head) => upgrade(serving, request, socket, head));
  acceptJson(app);
  addRoutes(app, serving);
  return {
    async listen({ host = '127.0.0.1', port = 0 } = {}) {
      // The framework does not know that its server speaks TLS.
      const url = new URL(await app.listen({ host, port }));
      return `${options.tls === undefined ? 'http' : 'https'}://${url.host}`;
    },
    async close() {
      const closed = app.close();
      connections.close();
      await closed;
    },
  };
}

function createFrontServer(
  options: HttpFrontOptions,
  handler: (request: IncomingMessage, response: never) => void,
): Server {
  const headersTimeoutMs = options.headersTimeoutMs ?? headersTimeoutMsDefault;
  const requestTimeoutMs = options.requestTimeoutMs ?? requestTimeoutMsDefault;
  const limits: ServerOptions = {
    maxHeaderSize: headersMaxBytes,
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    // How late a time limit may be noticed.
    connectionsCheckingInterval: Math.max(100, Math.min(2_000, headersTimeoutMs / 2)),
  };
  const { tls } = options;
  const server =
    tls === undefined
      ? createServer(limits, handler as never)
      : createTlsServer(
          { ...limits, key: tls.key, cert: tls.certificate, handshakeTimeout: headersTimeoutMs },
          handler as never,
        );
  server.maxConnections = options.connectionsMax ?? connectionsMaxDefault;
  return server;
}

interface Serving {
  readonly users: UserFinder;
  readonly connections: OpenConnections;
  readonly unread: UnreadAnswers;
  readonly watches: WatchServer;
  readonly agents: AgentProxy;
}

/** Health is told to everybody, as it is to the first user. */
const openPaths: readonly string[] = ['/healthz', '/livez', '/readyz'];

function addRoutes(app: FastifyInstance<Server>, serving: Serving): void {
  const { connections, unread } = serving;
  // Who is not known is told so before anything else is read.
  app.addHook('onRequest', (request, reply, next) => {
    if (!unread.admit(request.raw, reply.raw)) {
      reply.hijack();
      connections.reset(request.raw);
    } else if (userOf(serving, request) === undefined) send(reply, failure(401, 'Unauthorized'));
    else next();
  });
  app.addHook('onSend', (request, reply, payload, next) => {
    const isText = typeof payload === 'string' || Buffer.isBuffer(payload);
    unread.add(request.raw, reply.raw, isText ? payload.length : 0);
    next();
  });
  app.setErrorHandler((error: Error, _request, reply) => sendFailure(reply, error));
  app.setNotFoundHandler((request, reply) => {
    send(reply, failure(405, `the server does not allow the method ${request.method}`));
  });
  app.route({
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '*',
    exposeHeadRoute: false,
    handler: (request, reply) => handle(serving, request, reply),
  });
}

function userOf({ users }: Serving, request: FastifyRequest): ApiUser | undefined {
  const user = users.find(request.headers.authorization);
  return user ?? (openPaths.includes(pathOf(request)) ? users.first : undefined);
}

/** As it was sent: escaped characters are told apart behind here. */
function pathOf({ url = '/' }: { readonly url?: string | undefined }): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

function queryOf(url: string, path: string): Record<string, string> {
  return url.length === path.length ? {} : Object.fromEntries(new URLSearchParams(url.slice(path.length)));
}

/** Who may ask an agent, and where it is. Throws 403 or what {@link locatePod} does. */
function locate(user: ApiUser, route: Route, url: string): AgentAddress {
  if (user.locatePod === undefined) {
    const what = `pods/${route.subresource}`;
    throw new ApiFailure(403, `pods "${route.name}" is forbidden: this user may not get ${what}`);
  }
  return user.locatePod(route, new URL(url, 'http://local').searchParams);
}

/** Connections that become something else: only for what node agents stream. */
function upgrade({ users, agents }: Serving, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  // Nobody else listens any more, and without a listener an error ends the process. Who breaks off is heard of, and no more.
  socket.on('error', () => socket.destroy());
  const user = users.find(request.headers.authorization);
  const route = routeOf(pathOf(request));
  const subresource = streamedSubresourceOf(route);
  if (user === undefined) refuseConnection(socket, failure(401, 'Unauthorized'));
  else if (subresource === undefined || subresource === 'log') {
    refuseConnection(socket, failure(400, 'there is nothing to upgrade to at this path'));
  } else agents.upgrade(request, socket, head, () => locate(user, route!, request.url!));
}

function handle(serving: Serving, request: FastifyRequest, reply: FastifyReply): void {
  const user = userOf(serving, request)!;
  const path = pathOf(request);
  const route = routeOf(path);
  const subresource = streamedSubresourceOf(route);
  if (subresource === 'log') {
    serving.agents.pass(request.raw, reply, () => locate(user, route!, request.url));
    return;
  }
  if (subresource !== undefined) throw new ApiFailure(400, 'Upgrade request required');
  const { watch, ...query } = queryOf(request.url, path);
  const reset = (): void => serving.connections.reset(request.raw);
  const { accept } = request.headers;
  // Only what is kept can be shown in other forms.
  const isObject = request.method === 'GET' && /^\/apis?\//.test(path);
  const form = isObject ? representationOf(accept, query) : ({ as: 'object' } as const);
  if (request.method === 'GET' && (watch === '1' || watch === 'true')) {
    serving.watches.serve(reply, { user, request: { path, query }, form, reset });
    return;
  }
  const caller = { alive: true };
  whenGone(request.raw, reply.raw, () => (caller.alive = false));
  const asked: ApiPortRequest = {
    method: request.method as ApiPortRequest['method'],
    path,
    query,
    ...bodyOf(request),
    ...(accept === undefined ? {} : { accept }),
  };
  user.backend.request(caller, asked, (outcome) => {
    if (outcome.kind === 'answer') sendInForm(reply, outcome.answer, form, asked);
    else fail(reply, outcome, reset);
  });
}

function bodyOf({ body, headers }: FastifyRequest): Pick<ApiPortRequest, 'body' | 'contentType'> {
  if (body === undefined || body === null) return {};
  return { body, contentType: mediaTypeOf(headers['content-type']) };
}

function sendInForm(
  reply: FastifyReply,
  answer: ApiAnswer,
  form: Representation,
  { path, accept }: ApiPortRequest,
): void {
  if (path === '/openapi/v2' && answer.status === 200 && accept?.includes(openApiProtobufType) === true) {
    const body = encodeOpenApi(answer.body as Readonly<Record<string, unknown>>);
    send(reply, { status: 200, body, contentType: openApiProtobufType });
    return;
  }
  send(
    reply,
    form.as === 'object' ? answer : { ...answer, body: represented(answer.body, form, Date.now()) },
  );
}

function fail(reply: FastifyReply, outcome: Exclude<Outcome, { kind: 'answer' }>, reset: () => void): void {
  switch (outcome.kind) {
    case 'cut':
      // Nothing is answered any more.
      reply.hijack();
      reset();
      return;
    case 'undecodable':
      void reply.code(200).header('content-type', 'application/json').send(outcome.body);
      return;
  }
}
