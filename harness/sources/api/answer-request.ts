import { unreachable } from '../../core/errors.js';
import type { Fault } from '../../spec/plan.js';
import type { Pod } from '../../spec/pod.js';
import type { ApiPortRequest } from '../../ports/agent.js';
import type { ListResult } from '../../../fakes/api-server/list-objects.js';
import { routeOf, verbOf, type ApiVerb, type Route } from '../../../fakes/api-server/route.js';
import { failure, type ApiAnswer } from '../../../fakes/api-server/status-body.js';
import type { Outcome } from '../../../fakes/api-server/api-backend.js';
import {
  faultAt,
  faultDefaultMs,
  recordRequest,
  recordServed,
  showsAllPods,
  type GateContext,
} from './gate-context.js';

/** How a request is to be answered; `hang`: not before heal. */
export interface Reply {
  readonly outcome: Outcome | 'hang';
  /** Beyond the usual latency. */
  readonly extraMs: number;
  /** Journals what the agent was shown; to be called when the answer arrives. */
  readonly served?: () => void;
}

const noQuery: Readonly<Record<string, string>> = {};

/** Executes a request with what the plan does to it, and journals it. */
export function answerRequest(context: GateContext, request: ApiPortRequest): Reply {
  const route = routeOf(request.path);
  // Health and version are nobody's concern.
  if (route === undefined) {
    const outcome: Outcome = context.isOut()
      ? { kind: 'cut', code: 'ECONNREFUSED' }
      : { kind: 'answer', answer: context.server.handle(request).answer };
    return { outcome, extraMs: 0 };
  }
  const verb = verbOf(request, route);
  const fault = context.isOut() ? undefined : faultAt(context, pointOf(verb), route);
  const execution = execute(context, { request, route, verb, fault });
  const { status, result } = execution;
  const query = request.query ?? noQuery;
  recordRequest(context, route, {
    verb,
    query,
    ...(request.body === undefined ? {} : { body: request.body }),
    status,
    ...(result === undefined ? {} : { result }),
  });
  const reply = { outcome: execution.outcome, extraMs: execution.extraMs };
  if (verb !== 'list' || !showsAllPods(context, route, query)) return reply;
  return withServed(context, reply, execution);
}

interface Execution {
  readonly outcome: Outcome | 'hang';
  readonly extraMs: number;
  /** As journalled: 0 when the caller sees none. */
  readonly status: number;
  readonly result?: unknown;
  /** What was listed, when it is shown. */
  readonly list?: ListResult | undefined;
}

interface Asked {
  readonly request: ApiPortRequest;
  readonly route: Route;
  readonly verb: ApiVerb;
  readonly fault: Fault | undefined;
}

function execute(context: GateContext, asked: Asked): Execution {
  const { fault } = asked;
  if (context.isOut()) {
    return { outcome: { kind: 'cut', code: 'ECONNREFUSED' }, extraMs: 0, status: 0 };
  }
  switch (fault?.effect) {
    case 'hang':
      return { outcome: 'hang', extraMs: 0, status: 0 };
    case 'reset':
      return { outcome: { kind: 'cut', code: 'ECONNRESET' }, extraMs: 0, status: 0 };
    case 'status':
    case 'errorBefore':
      return injected(fault);
    case 'errorAfter':
      return { ...injected(fault), ...resultOf(handle(context, asked).answer, asked.verb) };
    case 'lostReply': {
      const result = resultOf(handle(context, asked).answer, asked.verb);
      return { outcome: { kind: 'cut', code: 'ECONNRESET' }, extraMs: 0, status: 0, ...result };
    }
    case 'empty':
    case 'oversize':
    case 'malformed':
    case 'halfWritten': {
      const { answer } = handle(context, asked);
      const outcome = { kind: 'undecodable', body: damaged(fault.effect) } as const;
      return { outcome, extraMs: 0, status: answer.status, ...resultOf(answer, asked.verb) };
    }
    case 'delay':
      return { ...plain(context, asked), extraMs: fault.ms ?? faultDefaultMs };
    default:
      return plain(context, asked);
  }
}

function plain(context: GateContext, asked: Asked): Execution {
  const { answer, list } = handle(context, asked);
  return {
    outcome: { kind: 'answer', answer },
    extraMs: 0,
    status: answer.status,
    list,
    ...resultOf(answer, asked.verb),
  };
}

function handle(context: GateContext, { request, fault }: Asked): { answer: ApiAnswer; list?: ListResult } {
  const staleRevision =
    fault?.effect === 'stale'
      ? context.store.revisionAt(context.wallClock() - (fault.ms ?? faultDefaultMs))
      : undefined;
  return context.server.handle(request, { staleRevision });
}

function injected(fault: Fault): Execution {
  const status = fault.status ?? 500;
  return { outcome: { kind: 'answer', answer: injectedAnswer(status) }, extraMs: 0, status };
}

/** The answer of a server that fails with this status. */
export function injectedAnswer(status: number): ApiAnswer {
  return failure(status, `the server answers ${status} because the test plan says so`);
}

function resultOf(answer: ApiAnswer, verb: ApiVerb): { readonly result?: unknown } {
  const isWrite = verb !== 'get' && verb !== 'list' && verb !== 'watch';
  return isWrite && answer.status < 300 ? { result: answer.body } : {};
}

/** Longer than any list that an agent should be ready to read. */
const oversizeBytes = 11 * 1024 * 1024;
let oversizeBody: string | undefined;

function damaged(effect: 'empty' | 'oversize' | 'malformed' | 'halfWritten'): string {
  switch (effect) {
    case 'empty':
      return '';
    case 'oversize':
      return (oversizeBody ??= ' '.repeat(oversizeBytes));
    case 'malformed':
      return '<html>not JSON</html>';
    case 'halfWritten':
      return '{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":';
    default:
      return unreachable(effect);
  }
}

/** Adds to an answer about all pods of the node what the agent learns from it. */
function withServed(context: GateContext, reply: Reply, { status, list }: Execution): Reply {
  const { outcome } = reply;
  if (outcome === 'hang') {
    recordServed(context, { outcome: 'error', detail: 'hang' });
    return reply;
  }
  // A page that others follow says nothing complete yet.
  if (list !== undefined && !list.isLast) return reply;
  const extraMs = reply.extraMs + context.source.disturbances.deliveryDelayMs('api');
  const heldRevision = context.heldRevision();
  const isStale = list !== undefined && list.revision < context.store.revision();
  return {
    outcome,
    extraMs,
    served() {
      if (list === undefined) {
        recordServed(context, { outcome: 'error', detail: detailOf(outcome, status) });
        return;
      }
      context.catchUp.noteShown(list.revision);
      recordServed(context, {
        outcome: 'list',
        ...(isStale ? { stale: true } : { revision: heldRevision }),
        pods: list.items as readonly Pod[],
      });
    },
  };
}

function detailOf(outcome: Outcome, status: number): string {
  switch (outcome.kind) {
    case 'answer':
      return `status ${status}`;
    case 'cut':
      return outcome.code;
    case 'undecodable':
      return 'undecodable';
    default:
      return unreachable(outcome);
  }
}

function pointOf(verb: ApiVerb): 'list' | 'watch' | 'get' | 'create' | 'patch' | 'delete' {
  return verb === 'update' ? 'patch' : verb;
}
