import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { timingSafeEqual } from 'node:crypto';
import type { ApiPortRequest } from '../../harness/ports/agent.js';
import type { ApiBackend, Outcome } from './api-backend.js';
import { createResetConnection, type ResetConnection } from './reset-connection.js';
import { failure, type ApiAnswer } from './status-body.js';

export interface HttpFrontOptions {
  readonly backend: ApiBackend;
  /** What requests must carry as `Authorization: Bearer …`. */
  readonly token: string;
  /** Of a request. Default 3 MiB, as in Kubernetes. */
  readonly bodyMaxBytes?: number;
  /** Open at one time; more are answered 429. Default 100. */
  readonly watchesMax?: number;
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
const watchesMaxDefault = 100;
const connectionsMax = 500;
/** What a watcher may leave unread before it is cut off. */
const unreadMaxBytes = 16 * 1024 * 1024;
/** Longer than agents keep idle connections, so that they and not the server close them. */
const keepAliveMs = 120_000;

export function createHttpFront(options: HttpFrontOptions): HttpFront {
  const { tls } = options;
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    handle({ ...options, reset: () => reset(request) }, request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  };
  const server =
    tls === undefined
      ? createServer(onRequest)
      : createTlsServer({ key: tls.key, cert: tls.certificate }, onRequest);
  const reset: ResetConnection = createResetConnection(server);
  const scheme = tls === undefined ? 'http' : 'https';
  server.keepAliveTimeout = keepAliveMs;
  server.maxConnections = connectionsMax;
  return {
    listen: async ({ host = '127.0.0.1', port = 0 } = {}) =>
      `${scheme}://${await listen(server, host, port)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Resolves to host and port as they stand in a URL. */
function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address() as AddressInfo;
      resolve(`${host.includes(':') ? `[${host}]` : host}:${address.port}`);
    });
  });
}

const methods: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const openPaths: readonly string[] = ['/healthz', '/livez', '/readyz'];

interface Serving extends HttpFrontOptions {
  /** Breaks the connection that the request came on. */
  readonly reset: () => void;
}

async function handle(options: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Taken apart by hand: the URL class refuses some paths that a client may send.
  const [pathname, search] = (request.url ?? '/').split('?', 2) as [string, string?];
  const method = request.method ?? 'GET';
  const body = await readBody(request, options.bodyMaxBytes ?? bodyMaxBytesDefault);
  if (!openPaths.includes(pathname) && !isAuthorized(request, options.token)) {
    send(response, failure(401, 'Unauthorized'));
    return;
  }
  if (!methods.includes(method)) {
    send(response, failure(405, `the server does not allow the method ${method}`));
    return;
  }
  if (body === undefined) {
    send(response, failure(413, 'the body of the request is too large'));
    return;
  }
  const { watch, ...query } = Object.fromEntries(new URLSearchParams(search));
  if (method === 'GET' && (watch === '1' || watch === 'true')) {
    startWatch(options, response, { path: pathname, query });
    return;
  }
  const parsed = parseBody(body, request.headers['content-type'], method);
  if ('refused' in parsed) {
    send(response, parsed.refused);
    return;
  }
  const caller = { alive: true };
  response.once('close', () => (caller.alive = false));
  options.backend.request(
    caller,
    { method: method as ApiPortRequest['method'], path: pathname, query, ...parsed },
    (outcome) => finish(options, response, outcome),
  );
}

function isAuthorized(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Undefined when it is too large; the rest is still read, so that the answer can be. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    // Whoever goes on and on is cut off.
    if (bytes > 4 * maxBytes) throw new Error('the body of the request does not end');
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks).toString('utf8');
}

type ParsedBody =
  { readonly body?: unknown; readonly contentType?: string } | { readonly refused: ApiAnswer };

function parseBody(text: string, contentType: string | undefined, method: string): ParsedBody {
  if (text === '') return {};
  const mediaType = (contentType ?? 'application/json').split(';', 1)[0]!.trim().toLowerCase();
  if (method !== 'PATCH' && mediaType !== 'application/json') {
    return { refused: failure(415, `the body of the request was in an unknown format: ${mediaType}`) };
  }
  try {
    return { body: JSON.parse(text) as unknown, contentType: mediaType };
  } catch {
    return { refused: failure(400, 'the body of the request is no JSON') };
  }
}

function finish({ reset }: Serving, response: ServerResponse, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'answer':
      send(response, outcome.answer);
      return;
    case 'cut':
      reset();
      return;
    case 'undecodable':
      response.writeHead(200, { 'content-type': 'application/json' }).end(outcome.body);
      return;
  }
}

function send(response: ServerResponse, { status, body }: ApiAnswer): void {
  const isText = typeof body === 'string';
  const text = isText ? body : JSON.stringify(body);
  const headers = {
    'content-type': isText ? 'text/plain' : 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(status === 429 || status === 503 ? { 'retry-after': '1' } : {}),
  };
  response.writeHead(status, headers).end(text);
}

function startWatch(
  { backend, watchesMax = watchesMaxDefault, reset }: Serving,
  response: ServerResponse,
  request: { readonly path: string; readonly query: Readonly<Record<string, string>> },
): void {
  if (backend.watchCount() >= watchesMax) {
    send(response, failure(429, 'too many open watches'));
    return;
  }
  const caller = { alive: true };
  const begin = (): void => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' });
  };
  const watch = backend.watch(
    {
      caller,
      onEvent(event) {
        begin();
        response.write(`${JSON.stringify(event)}\n`);
        if (response.writableLength > unreadMaxBytes) reset();
      },
      onEnd(status, body) {
        if (status === 0) reset();
        else if (status === 200 || response.headersSent) {
          begin();
          response.end();
        } else if (body !== undefined) send(response, { status, body });
        else send(response, failure(status, 'the watch is refused'));
      },
    },
    request,
  );
  response.once('close', () => {
    caller.alive = false;
    watch.close();
  });
  if (response.writableEnded || response.destroyed) return;
  begin();
  response.flushHeaders();
}
