import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { ApiPort, ApiPortRequest, WatchEvent } from '../../ports/agent.js';
import { readKubeconfig, type ApiAccess } from './kubeconfig.js';

/** A request that is not answered within this long has failed, in milliseconds. */
const requestTimeoutMs = 30_000;
/** Watches are quiet for long; a server ends them within minutes. */
const watchIdleMs = 15 * 60_000;
const bodyMaxBytes = 64 * 1024 * 1024;

/** A real API server, for an agent in a process of its own. */
export function createApiPort(kubeconfigPath: string): ApiPort {
  const access = readKubeconfig(kubeconfigPath);
  const send = createSender(access);
  return {
    url: access.url,
    request: (request) => ask(send, request),
    watch: ({ path, query }, onEvent, onEnd) => watch(send, { path, query, onEvent, onEnd }),
  };
}

interface Sending {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly contentType?: string;
  readonly idleMs: number;
  onResponse(response: IncomingMessage): void;
  /** Once; nothing else is called afterwards. */
  onError(error: Error): void;
}

type Sender = (sending: Sending) => { destroy(): void };

function createSender({ url, token, certificateAuthority }: ApiAccess): Sender {
  const isTls = url.startsWith('https:');
  const agent = isTls
    ? new HttpsAgent({ keepAlive: true, ...(certificateAuthority && { ca: certificateAuthority }) })
    : new HttpAgent({ keepAlive: true });
  return (sending) => {
    const target = new URL(url + sending.path);
    for (const [name, value] of Object.entries(sending.query)) target.searchParams.set(name, value);
    const headers = {
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(sending.body === undefined
        ? {}
        : {
            'content-type': sending.contentType ?? 'application/json',
            'content-length': Buffer.byteLength(sending.body),
          }),
    };
    const start = isTls ? httpsRequest : httpRequest;
    const request = start(target, { method: sending.method, headers, agent, timeout: sending.idleMs });
    request.once('timeout', () => {
      const message = `no answer within ${sending.idleMs} ms`;
      request.destroy(Object.assign(new Error(message), { code: 'ETIMEDOUT' }));
    });
    request.once('response', (response) => sending.onResponse(response));
    // Later errors of the same request say nothing new, but must not go unheard.
    request.on('error', (error) => sending.onError(error));
    request.end(sending.body);
    return request;
  };
}

function ask(send: Sender, request: ApiPortRequest): ReturnType<ApiPort['request']> {
  return new Promise((resolve, reject) => {
    const sent = send({
      method: request.method,
      path: request.path,
      query: request.query ?? {},
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.contentType === undefined ? {} : { contentType: request.contentType }),
      idleMs: requestTimeoutMs,
      onError: reject,
      onResponse(response) {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          chunks.push(chunk);
          if (bytes > bodyMaxBytes) sent.destroy();
        });
        response.once('error', reject);
        response.once('close', () => {
          if (response.complete) decode(response, Buffer.concat(chunks)).then(resolve, reject);
          else reject(Object.assign(new Error('the answer was cut'), { code: 'ECONNRESET' }));
        });
      },
    });
  });
}

async function decode(
  response: IncomingMessage,
  body: Buffer,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const status = response.statusCode ?? 0;
  const text = body.toString('utf8');
  if (response.headers['content-type']?.startsWith('text/') === true) return { status, body: text };
  try {
    return { status, body: JSON.parse(text) as unknown };
  } catch (cause) {
    // A failure is told by its status, whatever stands below it.
    if (status >= 400) return { status, body: text };
    throw Object.assign(new Error('the answer of the API server is no JSON', { cause }), {
      code: 'ERR_UNDECODABLE',
    });
  }
}

interface Watching {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly onEvent: (event: WatchEvent) => void;
  readonly onEnd: (status: number) => void;
}

function watch(send: Sender, { path, query, onEvent, onEnd }: Watching): { close(): void } {
  let isOver = false;
  const end = (status: number): void => {
    if (isOver) return;
    isOver = true;
    onEnd(status);
    request.destroy();
  };
  const request = send({
    method: 'GET',
    path,
    query: { ...query, watch: '1' },
    idleMs: watchIdleMs,
    onError: () => end(0),
    onResponse(response) {
      response.once('error', () => end(0));
      response.once('close', () => end(response.complete ? 200 : 0));
      if (response.statusCode !== 200) {
        response.resume();
        end(response.statusCode ?? 0);
        return;
      }
      readLines(response, (line) => {
        if (isOver) return;
        const event = parseEvent(line);
        if (event === undefined) end(0);
        else onEvent(event);
      });
    },
  });
  return {
    close() {
      isOver = true;
      request.destroy();
    },
  };
}

function readLines(response: IncomingMessage, onLine: (line: string) => void): void {
  response.setEncoding('utf8');
  let rest = '';
  response.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') onLine(line);
    if (rest.length > bodyMaxBytes) response.destroy();
  });
}

function parseEvent(line: string): WatchEvent | undefined {
  try {
    return JSON.parse(line) as WatchEvent;
  } catch {
    return undefined;
  }
}
