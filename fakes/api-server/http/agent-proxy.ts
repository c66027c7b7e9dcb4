import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { AgentAddress } from '../locate-pod.js';
import { ApiFailure, failure, type ApiAnswer } from '../status-body.js';
import { refuseConnection, send, sendFailure } from './answers.js';

/** Agents that are not there are not waited for. */
const connectTimeoutMs = 5_000;
const errorTextMaxBytes = 16 * 1024;
const upgradesMax = 100;

/** Passes requests on to node agents, over TLS, without the credentials that they came with. */
export interface AgentProxy {
  /** A request whose answer is a stream of text. */
  pass(request: IncomingMessage, reply: FastifyReply, locate: () => AgentAddress): void;
  /**
   * A request that becomes a connection in both directions; what is said on it is the two ends' affair. Whoever calls
   * listens for the errors of the socket.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, locate: () => AgentAddress): void;
}

export function createAgentProxy(): AgentProxy {
  let upgrades = 0;
  return {
    pass(request, reply, locate) {
      try {
        pass(request, reply, locate());
      } catch (error) {
        sendFailure(reply, error as Error);
      }
    },
    upgrade(request, socket, head, locate) {
      if (upgrades >= upgradesMax) {
        refuseConnection(socket, failure(429, 'too many open connections to node agents'));
        return;
      }
      upgrades++;
      socket.once('close', () => upgrades--);
      try {
        upgrade({ request, socket, head }, locate());
      } catch (error) {
        refuseConnection(socket, error instanceof ApiFailure ? error.answer : unreachable(error as Error));
      }
    },
  };
}

function pass(request: IncomingMessage, reply: FastifyReply, address: AgentAddress): void {
  const asked = ask(request, address, { accept: '*/*' });
  asked.on('error', (error) => {
    if (reply.raw.headersSent) reply.raw.destroy();
    else send(reply, unreachable(error));
  });
  asked.once('response', (response) => {
    if (response.statusCode !== 200) {
      refusalOf(response).then(
        (answer) => send(reply, answer),
        () => reply.raw.destroy(),
      );
      return;
    }
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': response.headers['content-type'] ?? 'text/plain' });
    reply.raw.flushHeaders();
    response.on('error', () => reply.raw.destroy());
    response.pipe(reply.raw);
  });
  reply.raw.once('close', () => asked.destroy());
  asked.end();
}

interface Upgrading {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client sent behind its request already. */
  readonly head: Buffer;
}

function upgrade({ request, socket, head }: Upgrading, address: AgentAddress): void {
  const asked = ask(request, address, upgradeHeaders(request.headers));
  asked.on('error', (error) => refuseConnection(socket, unreachable(error)));
  asked.once('response', (response) => {
    // No upgrade: clients try another protocol then.
    refusalOf(response).then(
      (answer) => refuseConnection(socket, answer),
      () => socket.destroy(),
    );
  });
  asked.once('upgrade', (response, upstream, first) => {
    const lines = [`HTTP/1.1 101 ${response.statusMessage ?? 'Switching Protocols'}`];
    for (let index = 0; index < response.rawHeaders.length; index += 2)
      lines.push(`${response.rawHeaders[index]!}: ${response.rawHeaders[index + 1]!}`);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.write(first);
    upstream.write(head);
    upstream.on('error', () => socket.destroy());
    upstream.once('close', () => socket.destroy());
    socket.once('close', () => upstream.destroy());
    upstream.pipe(socket).pipe(upstream);
  });
  socket.once('close', () => asked.destroy());
  asked.end();
}

function upgradeHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { authorization: _authorization, host: _host, 'content-length': _length, ...rest } = headers;
  return rest;
}

function ask(
  { method }: IncomingMessage,
  { host, port, path, client }: AgentAddress,
  headers: IncomingHttpHeaders,
): ReturnType<typeof httpsRequest> {
  const asked = httpsRequest({
    ...{ host, port, path, method, headers },
    agent: false,
    // Agents make their own certificates; nobody vouches for them.
    rejectUnauthorized: false,
    ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
  });
  const timer = setTimeout(
    () => asked.destroy(new Error(`${host}:${port} does not answer`)),
    connectTimeoutMs,
  );
  const stop = (): void => clearTimeout(timer);
  asked.once('socket', (socket) => socket.once('secureConnect', stop));
  asked.once('close', stop);
  return asked;
}

function unreachable(error: Error): ApiAnswer {
  return failure(500, `Internal error occurred: error dialing backend: ${error.message}`);
}

/** An agent's refusal is a text; clients of the server expect a Status. */
async function refusalOf(response: IncomingMessage): Promise<ApiAnswer> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length > errorTextMaxBytes) break;
  }
  const status = response.statusCode ?? 500;
  return failure(status >= 400 ? status : 500, text.trim() || `the agent answers ${status}`);
}
