import { Agent as HttpAgent, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import type { ContainerRuntimeClient } from 'testcontainers';

/** What every agent of Node has for `http.request`, and its types leave out. */
interface RequestTaker {
  addRequest(request: ClientRequest, ...rest: unknown[]): void;
}

/** The connections to an engine, of which the library does not say when they break. */
export interface EngineLine {
  /** Everything that is under way fails, and all that is asked from now on, in the way of a connection that breaks. */
  cut(): void;
}

/**
 * Makes calls to the engine fail whose answer breaks off. docker-modem 5 waits for the end of an answer that has begun,
 * and hears nothing when the connection ends before that: it never calls back. An engine behind ssh is reached through
 * an agent of the library's own, and is not helped.
 */
export function openEngineLine({ modem }: ContainerRuntimeClient['container']['dockerode']): EngineLine {
  const connections = modem as { agent?: HttpAgent; readonly protocol?: string };
  // As Node's own, which the library would use: idle connections are given up before an engine does.
  const agent = new (connections.protocol === 'https' ? HttpsAgent : HttpAgent)({
    keepAlive: true,
    scheduling: 'lifo',
    timeout: 5_000,
  });
  // The library prints the options of every request for its debug log, whether or not there is one, to any depth.
  Object.assign(agent, { [inspect.custom]: () => 'connections to the engine' });
  const underWay = new Set<ClientRequest>();
  /** Of commands and clients, which belong to no request any more. */
  const streams = new Set<Duplex>();
  let isCut = false;
  const taker = agent as unknown as RequestTaker;
  const add = taker.addRequest.bind(agent);
  taker.addRequest = (request, ...rest) => {
    underWay.add(request);
    request.once('close', () => underWay.delete(request));
    request.once('upgrade', (_answer: IncomingMessage, stream: Duplex) => {
      streams.add(stream);
      stream.once('close', () => streams.delete(stream));
    });
    request.once('response', (answer: IncomingMessage) => {
      answer.once('close', () => {
        // Streams have been handed on by now and tell their readers themselves; then the library lets this pass.
        if (!answer.complete) request.emit('error', broken('the answer broke off'));
      });
    });
    add(request, ...rest);
    if (isCut) request.destroy(broken('it had stopped answering'));
  };
  connections.agent = agent;
  return {
    cut() {
      isCut = true;
      for (const request of underWay) request.destroy(broken('it has stopped answering'));
      for (const stream of streams) stream.destroy(broken('it has stopped answering'));
      agent.destroy();
    },
  };
}

function broken(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}
