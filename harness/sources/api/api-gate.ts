import type { ApiStore } from '../../../fakes/api-server/api-store.js';
import { createApiServer } from '../../../fakes/api-server/api-server.js';
import { goneFailure } from '../../../fakes/api-server/status-body.js';
import { routeOf } from '../../../fakes/api-server/route.js';
import { errorEvent } from '../../../fakes/api-server/watch-objects.js';
import type { Step } from '../../spec/plan.js';
import type { ApiPortRequest } from '../../ports/agent.js';
import type { Source, SourceContext, StepOutcome } from '../../ports/source.js';
import { applied, noOp } from '../step-outcome.js';
import { answerRequest, injectedAnswer } from './answer-request.js';
import { createCatchUp } from '../catch-up.js';
import { createApiPods } from './api-pods.js';
import type {
  ApiBackend,
  Caller,
  Outcome,
  WatchReceiver,
  WatchRequest,
} from '../../../fakes/api-server/api-backend.js';
import {
  faultAt,
  faultDefaultMs,
  recordRequest,
  recordServed,
  showsAllPods,
  type GateContext,
  type Latencies,
} from './gate-context.js';
import { WatchSession } from './watch-session.js';

export interface ApiGateOptions {
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  readonly latencies: Latencies;
  /** Whether there has been an agent that finishes graceful deletions. */
  readonly isAttended: () => boolean;
}

/** The API source in both worlds, before any transport: the server, the plan's steps, and its faults. */
export interface ApiGate extends Source, ApiBackend {
  readonly kind: 'api';
  /** The server's data. */
  readonly store: ApiStore;
  /** Journals what is held at first; harmless when repeated. */
  begin(): void;
  /** Whether the agent was shown all pods as of this resourceVersion. */
  hasShown(revision: number): boolean;
}

export function createApiGate(source: SourceContext, options: ApiGateOptions): ApiGate {
  return new Gate(source, options);
}

class Gate implements ApiGate {
  readonly kind = 'api';
  private readonly pods;
  private readonly context: GateContext;
  private isOut = false;
  private repliesUnderWay = 0;
  private hung: (() => void)[] = [];
  private sessions = new Set<WatchSession>();
  private readonly shown = new Map<string, number>();

  constructor(
    private readonly source: SourceContext,
    options: ApiGateOptions,
  ) {
    const { wallClock, latencies } = options;
    const catchUp = createCatchUp(source);
    const pods = createApiPods(source, { ...options, onHeld: catchUp.restart });
    this.pods = pods;
    this.context = {
      source,
      store: pods.store,
      server: createApiServer({ store: pods.store, wallClock, node: source.nodeName }),
      wallClock,
      latencies,
      heldRevision: pods.heldRevision,
      isOut: () => this.isOut,
      catchUp,
    };
  }

  get store(): ApiStore {
    return this.pods.store;
  }

  begin(): void {
    this.pods.begin();
  }

  hasShown(revision: number): boolean {
    return this.context.catchUp.hasShown(revision);
  }

  busy(): boolean {
    const sessions = this.openSessions();
    if (this.repliesUnderWay > 0 || sessions.some((session) => session.busy)) return true;
    return this.context.catchUp.isDue(this.pods.newestRevision());
  }

  heal(): void {
    this.isOut = false;
    this.context.catchUp.restart();
    const hung = this.hung;
    this.hung = [];
    for (const cut of hung) cut();
    for (const session of this.openSessions()) {
      session.release();
      if (session.silent) session.cut();
    }
  }

  apply(step: Step): StepOutcome {
    const outcome = this.pods.apply(step);
    if (outcome !== undefined) return outcome;
    switch (step.do) {
      case 'outage':
        if (this.isOut === (step.phase === 'begin')) return noOp(`there is no outage to ${step.phase}`);
        this.isOut = step.phase === 'begin';
        if (this.isOut) for (const session of this.openSessions()) session.cut();
        return applied;
      case 'watch':
        return this.applyToWatches(step.how);
      default:
        return noOp(`the API knows no ${step.do}`);
    }
  }

  request(caller: Caller, request: ApiPortRequest, onOutcome: (outcome: Outcome) => void): void {
    if (!caller.alive) return;
    this.begin();
    const { outcome, extraMs, served } = answerRequest(this.context, request);
    if (outcome === 'hang') {
      this.hung.push(() => {
        if (caller.alive) onOutcome({ kind: 'cut', code: 'ECONNRESET' });
      });
      return;
    }
    this.repliesUnderWay++;
    this.source.clock.after(this.context.latencies.replyMs + extraMs, () => {
      this.repliesUnderWay--;
      if (!caller.alive) return;
      served?.();
      onOutcome(outcome);
    });
  }

  watch(receiver: WatchReceiver, request: WatchRequest): { close(): void } {
    this.begin();
    const { path, query } = request;
    const route = routeOf(path);
    const refuse = (status: number, body?: unknown): { close(): void } => {
      if (route !== undefined) {
        recordRequest(this.context, route, { verb: 'watch', query, status });
        if (showsAllPods(this.context, route, query)) {
          const detail = status === 0 ? 'ECONNREFUSED' : `status ${status}`;
          recordServed(this.context, { outcome: 'error', detail });
        }
      }
      receiver.onEnd(status, body);
      return { close() {} };
    };
    if (this.isOut) return refuse(0);
    if (route === undefined) return refuse(404);
    const fault = faultAt(this.context, 'watch', route);
    switch (fault?.effect) {
      case 'status':
      case 'errorBefore':
      case 'errorAfter': {
        const status = fault.status ?? 500;
        return refuse(status, injectedAnswer(status).body);
      }
      case 'reset':
      case 'lostReply':
        return refuse(0);
    }
    const session = new WatchSession(this.context, { route, query, receiver, shown: this.shown });
    if (fault?.effect === 'hang') session.silence();
    const open = (): void => {
      if (!session.isOpen) return;
      if (this.isOut) {
        session.cut();
        return;
      }
      const result = this.context.server.watch(request, (event, origin) => session.push(event, origin));
      if ('refused' in result) {
        session.close();
        refuse(result.refused.status, result.refused.body);
        return;
      }
      recordRequest(this.context, route, { verb: 'watch', query, status: session.silent ? 0 : 200 });
      session.whenOver(() => result.open.close());
      session.endInitial();
      this.endInTime(session, query);
    };
    this.sessions.add(session);
    session.whenOver(() => this.sessions.delete(session));
    if (fault?.effect === 'delay') this.source.clock.after(fault.ms ?? faultDefaultMs, open);
    else open();
    return session;
  }

  /** `timeoutSeconds`: the server ends the watch by itself. */
  private endInTime(session: WatchSession, query: Readonly<Record<string, string>>): void {
    const timeoutS = Number(query['timeoutSeconds'] ?? '');
    if (!(timeoutS > 0)) return;
    const timer = this.source.clock.after(timeoutS * 1000, () => session.end());
    session.whenOver(() => timer.cancel());
  }

  private applyToWatches(how: Extract<Step, { do: 'watch' }>['how']): StepOutcome {
    const { store } = this.context;
    const sessions = this.openSessions();
    const none = noOp('no watch is open');
    switch (how) {
      case 'compact':
        store.compact();
        return applied;
      case 'gone': {
        const before = store.revision();
        store.compact();
        const event = errorEvent(goneFailure(before, store.oldestRevision()));
        for (const session of sessions) session.fail(event);
        return applied;
      }
      case 'close':
        for (const session of sessions) session.end();
        return sessions.length > 0 ? applied : none;
      case 'bookmark':
        return sessions.filter((session) => session.bookmark()).length > 0
          ? applied
          : noOp('no watch takes bookmarks');
      case 'duplicate':
        return sessions.filter((session) => session.repeatLast()).length > 0
          ? applied
          : noOp('no watch has sent anything');
      case 'reorder':
        for (const session of sessions) session.reorderNext();
        return sessions.length > 0 ? applied : none;
    }
  }

  /** Watches of lives that have ended are forgotten here: nobody closes them. */
  private openSessions(): WatchSession[] {
    for (const session of this.sessions) if (!session.isOpen) session.close();
    return [...this.sessions];
  }
}
