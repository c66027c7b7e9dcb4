import type { Step } from '../../spec/plan.js';
import type { HttpPort } from '../../ports/agent.js';
import type { Life, SimSource, SourceContext, StepOutcome } from '../../ports/source.js';
import type { SourceServed } from '../../trace/events.js';
import { ManifestDocument } from './manifest-document.js';
import { failed, planAnswer } from './plan-answer.js';
import { ServedLog } from './served-log.js';

/** How long a poll takes when nothing disturbs it, in milliseconds. */
const roundTripMs = 2;

/** Where agents in sim find the document; part of the identity of HTTP pods. */
const simManifestUrl = 'http://manifests.test/pods';

/** The HTTP source in sim. */
export function createSimHttpSource(context: SourceContext): SimSource<HttpPort> {
  return new SimHttpSource(context);
}

type GetOptions = Parameters<HttpPort['get']>[0];

/** One GET of the agent, answered at most once. */
interface Poll {
  readonly life: Life;
  readonly log: ServedLog;
  readonly options: GetOptions;
  readonly resolve: (answer: { status: number; body: string }) => void;
  readonly reject: (error: Error) => void;
}

class SimHttpSource implements SimSource<HttpPort> {
  readonly kind = 'http';
  private readonly document: ManifestDocument;
  /** Polls that a fault keeps from being answered. */
  private readonly held = new Set<Poll>();
  /** Polls whose answer takes longer than usual. */
  private readonly late = new Set<Poll>();

  constructor(private readonly context: SourceContext) {
    this.document = new ManifestDocument(context);
  }

  apply(step: Step): StepOutcome {
    return this.document.apply(step);
  }

  heal(): void {
    this.document.heal();
    for (const poll of this.held)
      this.fail(poll, { afterMs: 1, detail: 'connection reset', code: 'ECONNRESET' });
    this.held.clear();
  }

  busy(): boolean {
    return [...this.held, ...this.late].some((poll) => poll.life.alive);
  }

  port(life: Life): HttpPort {
    this.document.begin();
    const log = new ServedLog(this.context.journal);
    return {
      url: simManifestUrl,
      get: (options) =>
        new Promise((resolve, reject) => {
          if (life.alive) this.poll({ life, log, options, resolve, reject });
        }),
    };
  }

  private poll(poll: Poll): void {
    if (this.document.outage) {
      this.fail(poll, { afterMs: 1, detail: 'connection refused', code: 'ECONNREFUSED' });
      return;
    }
    const answer = planAnswer(this.document, this.context.disturbances.fault({ source: 'http' }));
    const latencyMs = roundTripMs + answer.delayMs + this.context.disturbances.deliveryDelayMs('http');
    const { timeoutMs, maxBytes } = poll.options;
    if (answer.how === 'hang' || latencyMs >= timeoutMs) {
      this.hold(poll);
      return;
    }
    if (latencyMs > roundTripMs) this.late.add(poll);
    switch (answer.how) {
      case 'respond': {
        const { status, body } = answer;
        if (isLongerThan(body, maxBytes)) {
          this.fail(poll, { afterMs: latencyMs, detail: 'oversize', code: 'ERR_BODY_TOO_LARGE' });
        } else {
          this.deliver(poll, latencyMs, answer.served, () => poll.resolve({ status, body }));
        }
        return;
      }
      case 'reset':
        this.fail(poll, { afterMs: latencyMs, detail: 'connection reset', code: 'ECONNRESET' });
        return;
    }
  }

  /** Leaves the poll without an answer until the agent's own deadline, or heal. */
  private hold(poll: Poll): void {
    this.held.add(poll);
    this.context.clock.after(poll.options.timeoutMs, () => {
      if (this.held.delete(poll)) this.fail(poll, { afterMs: 0, detail: 'hang', code: 'ETIMEDOUT' });
    });
  }

  private fail(poll: Poll, failure: { afterMs: number; detail: string; code: string }): void {
    const error = Object.assign(new Error(`GET ${simManifestUrl}: ${failure.detail}`), {
      code: failure.code,
    });
    this.deliver(poll, failure.afterMs, failed(failure.detail), () => poll.reject(error));
  }

  private deliver(poll: Poll, afterMs: number, served: SourceServed, settle: () => void): void {
    this.context.clock.after(afterMs, () => {
      this.late.delete(poll);
      if (!poll.life.alive) return;
      poll.log.record(served);
      settle();
    });
  }
}

/** Counts the bytes only where it must: UTF-8 takes one to three of them for one unit of UTF-16. */
function isLongerThan(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true;
  return text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax;
}
