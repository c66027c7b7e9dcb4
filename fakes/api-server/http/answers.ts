import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { ApiFailure, failure, type ApiAnswer } from '../status-body.js';
import { jsonText } from './json-text.js';

/** Sends an answer as JSON, or as what it is. */
export function send(reply: FastifyReply, { status, body, contentType }: ApiAnswer): void {
  if (status === 429 || status === 503) void reply.header('retry-after', '1');
  const isText = typeof body === 'string' || Buffer.isBuffer(body);
  void reply
    .code(status)
    .header('content-type', contentType ?? (isText ? 'text/plain' : 'application/json'))
    .send(isText ? body : jsonText(body as object));
}

/** Answers with the Status that an error deserves: our own failures, and those of the framework. */
export function sendFailure(reply: FastifyReply, error: Error): void {
  send(reply, failureOf(error));
}

function failureOf(error: Error): ApiAnswer {
  if (error instanceof ApiFailure) return error.answer;
  const { statusCode, code } = error as Error & { readonly statusCode?: number; readonly code?: string };
  if (statusCode === 413) return failure(413, 'the body of the request is too large');
  if (statusCode === 415) return failure(415, 'the body of the request was in an unknown format');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return failure(statusCode, `the request cannot be read: ${error.message}`);
  }
  return failure(500, `Internal error occurred: ${code ?? error.message}`);
}

/** For the answer to be taken, before the connection is closed. */
const lingerMs = 1_000;

/** Answers what is no HTTP, or does not arrive in time, and closes the connection. */
export function onClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  // Below TLS nobody could read an answer.
  const isBelowTls = error.code?.startsWith('ERR_TLS') === true || error.code?.startsWith('ERR_SSL') === true;
  if (isBelowTls || error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  destroySoon(socket);
  socket.end(rawAnswer(clientFailureOf(error.code)), () => socket.destroy());
}

/** Answers on a connection that no server looks after any more. It ends when the client ends it too, or soon. */
export function refuseConnection(socket: Duplex, answer: ApiAnswer): void {
  if (socket.destroyed) return;
  destroySoon(socket);
  // Its end is seen only by who reads. What was not read would make the answer a reset.
  socket.resume();
  socket.end(rawAnswer(answer));
}

/** Whatever the client does meanwhile: one that goes on sending is not waited for longer. */
function destroySoon(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}

/** An answer as it goes over a bare connection, which ends with it. */
function rawAnswer({ status, body }: ApiAnswer): string {
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${text}`;
}

function clientFailureOf(code: string | undefined): ApiAnswer {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return failure(408, 'the request did not arrive in time', 'Timeout');
    case 'HPE_HEADER_OVERFLOW':
      return failure(431, 'the headers of the request are too large', 'BadRequest');
    default:
      return failure(400, 'this is no HTTP request');
  }
}
