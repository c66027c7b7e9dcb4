import type { Clock } from '../core/clock.js';
import { writeMethods, type CriMethod, type Fault, type GrpcCode } from '../spec/plan.js';
import { isPreStop } from '../spec/workload.js';
import type { CallTarget, RuntimeEffect, RuntimeRequest, Stamp } from '../trace/events.js';
import type { Journal } from '../trace/journal.js';
import type { CriRequest, CriResult, ContainerEvent } from '../ports/cri.js';
import type { RuntimeBackend, RuntimeObserver } from '../ports/runtime.js';
import type { Life } from '../ports/source.js';
import type { Disturbances } from './disturbances.js';
import { createListHistory, withUnknownState, withoutHalf } from './list-faults.js';
import type { PodSlots } from './pod-slots.js';
import { createRuntimeView, nobody, type RuntimeView } from './runtime-view.js';
import { tracedResponse } from './traced-response.js';

/** Calls back, once at most, when the agent no longer waits for an answer. */
export type OnGivenUp = (callback: () => void) => void;

/**
 * Stands between the agent and the runtime: journals each call as request, effect and reply, and does to it
 * what the plan says. The same code serves both worlds; only the clock and the backend differ.
 */
export interface RuntimeBoundary {
  readonly view: RuntimeView;
  /**
   * One call of the agent. `reply` is called at most once, and never when the agent is gone. Returns how long
   * the answer takes if the runtime needs no time: Infinity when that cannot be said. `onGivenUp` is
   * absent where nobody sees it.
   */
  handle<Method extends CriMethod>(
    life: Life,
    method: Method,
    request: CriRequest<Method>,
    reply: (result: CriResult) => void,
    onGivenUp?: OnGivenUp,
  ): number;
  /** Subscribes the agent to container events; returns the end of the subscription. */
  subscribe(life: Life, onEvent: (event: ContainerEvent) => void): () => void;
  /**
   * State-changing calls and hooks on their way to their effect, answers that the plan delays, and calls that faults
   * hold: the world is not at rest.
   */
  openCalls(): number;
  /** Lets go of everything that faults hold. */
  heal(): void;
}

export interface RuntimeBoundaryOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly disturbances: Disturbances;
  readonly slots: PodSlots;
  /** Makes the backend, which reports to the boundary. */
  readonly backend: (observer: RuntimeObserver) => RuntimeBackend;
  /** How long a call takes to reach its effect, in milliseconds. */
  readonly latencyMs: (method: CriMethod) => number;
  /** How long an answer takes back to the agent, in milliseconds. */
  readonly replyLatencyMs: number;
  /** The plan lets the agent die at this point. */
  readonly crashAgent: (life: Life, fault: Fault) => void;
  readonly onActivity: (podUid: string | undefined) => void;
  /** An image was pulled, for this pod if the agent said for which. */
  readonly onPull: (podUid: string | undefined) => void;
  /** A container of this pod ended by itself. */
  readonly onOwnExit: (podUid: string) => void;
}

const creatingMethods: ReadonlySet<CriMethod> = new Set<CriMethod>(['RunPodSandbox', 'CreateContainer']);

/** Calls whose effect the backend itself takes time for, so that their answer cannot be foretold. */
const slowMethods: ReadonlySet<CriMethod> = new Set<CriMethod>([
  'StopContainer',
  'StopPodSandbox',
  'RemovePodSandbox',
  'ExecSync',
]);

/** One call on its way; a fault may have been found for it. */
interface OpenCall {
  readonly number: number;
  readonly life: Life;
  readonly method: CriMethod;
  readonly request: object;
  readonly target: CallTarget;
  readonly fault: Fault | undefined;
  /** The world is not at rest until it has taken effect. */
  readonly isUnrest: boolean;
  readonly replyDelayMs: number;
  readonly reply: (result: CriResult) => void;
}

export function createRuntimeBoundary(options: RuntimeBoundaryOptions): {
  boundary: RuntimeBoundary;
  backend: RuntimeBackend;
} {
  const { clock, journal, disturbances, slots, replyLatencyMs } = options;
  const view = createRuntimeView();
  const subscribers = new Map<(event: ContainerEvent) => void, Life>();
  const held = new Set<() => void>();
  const history = createListHistory(clock);
  let calls = 0;
  let openUnrest = 0;

  const backend = options.backend({
    onChange(change) {
      view.observe(change);
      journal.record(change);
      if (change.kind === 'container' && change.cause === 'workload') options.onOwnExit(change.podUid);
      if (change.kind !== 'image') options.onActivity(change.podUid);
    },
    onEvent(event) {
      if (subscribers.size === 0) return;
      const container = view.container(event.containerId);
      const slot =
        container === undefined
          ? undefined
          : slots.of({ uid: container.podUid, namespace: container.podNamespace, name: container.podName });
      const fault = disturbances.eventFault(slot);
      const delivered =
        fault?.effect === 'eventLost' ? 'lost' : fault?.effect === 'eventDoubled' ? 'twice' : 'once';
      journal.record({
        kind: 'runtime.event',
        actor: 'runtime',
        containerId: event.containerId,
        type: event.containerEventType,
        delivered,
      });
      const times = delivered === 'lost' ? 0 : delivered === 'twice' ? 2 : 1;
      for (let count = 0; count < times; count++) {
        for (const [onEvent, life] of subscribers)
          clock.after(replyLatencyMs + (fault?.ms ?? 0), () => life.alive && onEvent(event));
      }
    },
  });

  function answer(call: OpenCall, result: CriResult, asOf?: number): void {
    const deliver = (): void => {
      if (!call.life.alive) return;
      const { number, method } = call;
      if (result.code === 'OK') {
        const response = tracedResponse(method, result.response);
        const event = {
          t: 0,
          seq: 0,
          kind: 'runtime.reply',
          actor: 'runtime',
          call: number,
          method,
          code: 'OK',
          response,
        } as const;
        journal.stamp(asOf === undefined ? event : { ...event, asOf });
      } else {
        journal.stamp({
          t: 0,
          seq: 0,
          kind: 'runtime.reply',
          actor: 'runtime',
          call: number,
          method,
          code: result.code,
          message: result.message,
        });
      }
      call.reply(result);
    };
    const delayMs = replyLatencyMs + call.replyDelayMs;
    // In live an answer that nothing delays has nothing to wait for.
    if (call.replyDelayMs > 0) deliverLate(delayMs, deliver);
    else if (delayMs > 0) clock.after(delayMs, deliver);
    else deliver();
  }

  /** What the plan delays is held until its time has come, or heal lets go of it. */
  function deliverLate(delayMs: number, deliver: () => void): void {
    const release = (): void => {
      timer.cancel();
      held.delete(release);
      deliver();
    };
    const timer = clock.after(delayMs, release);
    held.add(release);
  }

  /** Until heal, or until the agent gives up: what nobody waits for any more does not keep the world from rest. */
  function hold(call: OpenCall, onGivenUp: OnGivenUp | undefined): void {
    const release = (): void =>
      answer(call, refuse('UNAVAILABLE', 'the runtime was cut off while the call was open'));
    held.add(release);
    onGivenUp?.(() => {
      if (held.delete(release)) answer(call, refuse('DEADLINE_EXCEEDED', 'context deadline exceeded'));
    });
  }

  function effect(call: OpenCall): void {
    if (call.fault?.effect === 'errorBefore') {
      if (call.isUnrest) openUnrest--;
      answer(call, refuse(call.fault.code ?? 'UNKNOWN', `injected before the effect of ${call.method}`));
      return;
    }
    backend.invoke(call.method, call.request as never, (result) => finished(call, result));
  }

  function finished(call: OpenCall, result: CriResult): void {
    const { method, fault } = call;
    if (call.isUnrest) openUnrest--;
    const isList = method === 'ListContainers' || method === 'ListPodSandbox';
    const event = journal.stamp(effectOf(call, result));
    if (method === 'PullImage' && result.code === 'OK') options.onPull(podOfPull(call.request));
    if (isList && result.code === 'OK' && disturbances.showsStale(method))
      history.keep(method, call.request, result.response, event.seq);
    switch (fault?.effect) {
      case 'errorAfter':
        return answer(call, refuse(fault.code ?? 'UNKNOWN', `injected after the effect of ${method}`));
      case 'lostReply':
        return answer(call, refuse('DEADLINE_EXCEEDED', 'context deadline exceeded'));
      case 'crashAfter':
        return options.crashAgent(call.life, fault);
      case 'staleList': {
        const old = isList ? history.olderThan(method, call.request, fault.ms ?? 0) : undefined;
        return old === undefined
          ? answer(call, result, event.seq)
          : answer(call, { code: 'OK', response: old.response }, old.asOf);
      }
      case 'partialList':
        return answer(call, isList ? withoutHalf(result) : result, event.seq);
      case 'unknownState':
        return answer(call, withUnknownState(result), event.seq);
      default:
        answer(call, result, isList ? event.seq : undefined);
    }
  }

  const boundary: RuntimeBoundary = {
    view,
    handle(life, method, request, reply, onGivenUp) {
      const number = ++calls;
      const target = view.target(method, request);
      journal.stamp(requestOf({ number, life, method, target, request }));
      let fault: Fault | undefined;
      let requestMs = options.latencyMs(method);
      let replyMs = 0;
      if (disturbances.concerns(method)) {
        const slot = slots.of({ uid: target.podUid, namespace: target.podNamespace, name: target.podName });
        const identity = { method, slot, container: target.container };
        fault = disturbances.callFault(identity);
        const delays = disturbances.callDelays(identity);
        requestMs += delays.requestMs;
        replyMs = delays.replyMs + (fault?.effect === 'delay' ? (fault.ms ?? 0) : 0);
      }
      const isUnrest = writeMethods.has(method) || (method === 'ExecSync' && isHook(request));
      const call: OpenCall = {
        number,
        life,
        method,
        request,
        target,
        fault,
        isUnrest,
        replyDelayMs: replyMs,
        reply,
      };
      if (fault?.effect === 'crashBefore') {
        options.crashAgent(life, fault);
        return Infinity;
      }
      if (fault?.effect === 'hang') {
        hold(call, onGivenUp);
        return Infinity;
      }
      if (isUnrest) openUnrest++;
      // A request that is on its way takes effect even if its sender has died meanwhile.
      if (requestMs > 0) clock.after(requestMs, () => effect(call));
      else effect(call);
      return slowMethods.has(method) ? Infinity : requestMs + replyMs + replyLatencyMs;
    },
    subscribe(life, onEvent) {
      subscribers.set(onEvent, life);
      return () => subscribers.delete(onEvent);
    },
    openCalls: () => held.size + openUnrest,
    heal() {
      for (const release of held) release();
      held.clear();
    },
  };
  return { boundary, backend };
}

function podOfPull(request: object): string | undefined {
  return (request as { sandboxConfig?: { metadata?: { uid?: string } } }).sandboxConfig?.metadata?.uid;
}

/** What follows a hook is still to come. Probes are not waited for: they never end. */
function isHook(request: object): boolean {
  return isPreStop((request as { cmd?: readonly string[] }).cmd);
}

function requestOf(
  call: Pick<OpenCall, 'number' | 'life' | 'method' | 'target' | 'request'>,
): RuntimeRequest & Stamp {
  const { number, method, target, request } = call;
  const { incarnation } = call.life;
  // Most are idle lists, which concern nobody: copying an empty target costs as much as all the rest.
  return target === nobody
    ? { t: 0, seq: 0, kind: 'runtime.request', actor: 'agent', call: number, method, incarnation, request }
    : {
        t: 0,
        seq: 0,
        kind: 'runtime.request',
        actor: 'agent',
        call: number,
        method,
        incarnation,
        ...target,
        request,
      };
}

function effectOf({ number, method }: OpenCall, result: CriResult): RuntimeEffect & Stamp {
  const { code } = result;
  const id = result.code === 'OK' && creatingMethods.has(method) ? idIn(result.response) : undefined;
  return id === undefined
    ? { t: 0, seq: 0, kind: 'runtime.effect', actor: 'runtime', call: number, method, code }
    : { t: 0, seq: 0, kind: 'runtime.effect', actor: 'runtime', call: number, method, code, id };
}

function idIn(response: object): string | undefined {
  const { podSandboxId, containerId } = response as { podSandboxId?: string; containerId?: string };
  return podSandboxId ?? containerId;
}

function refuse(code: GrpcCode, message: string): CriResult {
  return { code, message };
}
