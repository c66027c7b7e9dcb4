import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Step } from '../../spec/plan.js';
import type { LiveSource, SourceContext, StepOutcome } from '../../ports/source.js';
import type { SourceServed } from '../../trace/events.js';
import { createLifeWatch } from '../life-watch.js';
import { ManifestDocument } from './manifest-document.js';
import { failed, planAnswer, type HttpAnswer } from './plan-answer.js';
import { ServedLog } from './served-log.js';

export interface LiveHttpOptions {
  /** Default 127.0.0.1: nobody else has to reach it. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

const documentPath = '/pods';

/** The HTTP source in live: a real server. */
export function createLiveHttpSource(context: SourceContext, options: LiveHttpOptions = {}): LiveSource {
  return new LiveHttpSource(context, options);
}

class LiveHttpSource implements LiveSource {
  readonly kind = 'http';
  private readonly document: ManifestDocument;
  private readonly server = createServer((request, response) => this.handle(request, response));
  private readonly incarnation: () => number;
  private log: ServedLog;
  private logOf = 0;
  /** Requests that a fault keeps from being answered, and those answered later. */
  private readonly held = new Set<ServerResponse>();
  private readonly late = new Set<ServerResponse>();

  constructor(
    private readonly context: SourceContext,
    private readonly options: LiveHttpOptions,
  ) {
    this.document = new ManifestDocument(context);
    this.incarnation = createLifeWatch(context.journal);
    this.log = new ServedLog(context.journal);
    // The port stays ours in an outage: a connection is cut instead of refused, which is as good an error.
    this.server.on('connection', (socket) => {
      if (!this.document.outage) return;
      socket.resetAndDestroy();
      this.record(failed('connection refused'));
    });
  }

  apply(step: Step): StepOutcome {
    const outcome = this.document.apply(step);
    if (this.document.outage) this.server.closeAllConnections();
    return outcome;
  }

  heal(): void {
    this.document.heal();
    for (const response of this.held) response.socket?.resetAndDestroy();
  }

  busy(): boolean {
    return this.held.size + this.late.size > 0;
  }

  open(): Promise<string> {
    const { host = '127.0.0.1', port = 0 } = this.options;
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.document.begin();
        const address = this.server.address() as AddressInfo;
        const shownHost = host.includes(':') ? `[${host}]` : host;
        resolve(`http://${shownHost}:${address.port}${documentPath}`);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    // Bodies are of no interest, but unread ones would hold the connection.
    request.resume();
    if (request.url?.split('?', 1)[0] !== documentPath) {
      response.writeHead(404).end();
    } else if (request.method !== 'GET') {
      response.writeHead(405, { allow: 'GET' }).end();
    } else {
      this.poll(response);
    }
  }

  private poll(response: ServerResponse): void {
    const { disturbances, clock } = this.context;
    const answer = planAnswer(this.document, disturbances.fault({ source: 'http' }));
    const delayMs = answer.delayMs + disturbances.deliveryDelayMs('http');
    if (answer.how === 'hang') {
      this.hold(response);
    } else if (delayMs > 0) {
      this.late.add(response);
      response.once('close', () => this.late.delete(response));
      clock.after(delayMs, () => this.answer(response, answer));
    } else {
      this.answer(response, answer);
    }
  }

  private hold(response: ServerResponse): void {
    this.held.add(response);
    response.once('close', () => {
      this.held.delete(response);
      this.record(failed('hang'));
    });
  }

  /** Journalled before it is sent: whatever the agent does about it then comes later in the trace. */
  private answer(response: ServerResponse, answer: HttpAnswer): void {
    if (response.destroyed) {
      // The agent gave up waiting.
      this.record(failed('hang'));
      return;
    }
    this.record(answer.served);
    switch (answer.how) {
      case 'respond':
        response.writeHead(answer.status, { 'content-type': contentTypeOf(answer.body) }).end(answer.body);
        return;
      case 'reset':
        response.socket?.resetAndDestroy();
        return;
      case 'hang':
        return;
    }
  }

  private record(served: SourceServed): void {
    const incarnation = this.incarnation();
    if (incarnation !== this.logOf) {
      this.logOf = incarnation;
      this.log = new ServedLog(this.context.journal);
    }
    this.log.record(served);
  }
}

function contentTypeOf(body: string): string {
  return body.startsWith('{') ? 'application/json' : 'application/yaml';
}
