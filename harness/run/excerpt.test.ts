import { expect, test } from 'vitest';
import type { GrpcCode } from '../spec/plan.js';
import type { Finding } from '../spec/verdict.js';
import type { TraceEvent, TraceEventBody } from '../trace/events.js';
import { excerptOf } from './excerpt.js';

/** A trace with one millisecond between any two events. */
function traceOf(bodies: readonly TraceEventBody[]): TraceEvent[] {
  return bodies.map((body, index) => ({ t: index, seq: index, ...body }));
}

function calls(number: number, method: 'RunPodSandbox' | 'StopContainer', podName: string): TraceEventBody {
  const pod = { podUid: `uid-${podName}`, podNamespace: 'default', podName };
  return {
    kind: 'runtime.request',
    actor: 'agent',
    call: number,
    method,
    incarnation: 1,
    request: {},
    ...pod,
  };
}

function effect(number: number, method: 'RunPodSandbox' | 'StopContainer', code: GrpcCode): TraceEventBody {
  return { kind: 'runtime.effect', actor: 'runtime', call: number, method, code };
}

function answers(
  number: number,
  method: 'RunPodSandbox' | 'StopContainer',
  code: GrpcCode,
  message: string,
): TraceEventBody {
  return { kind: 'runtime.reply', actor: 'runtime', call: number, method, code, message };
}

function findingAt(atMs: number, events: readonly number[]): Finding {
  return {
    requirement: 'QUIET-01',
    subject: { role: 'file pod', name: 'default/web-node-1 (uid-web)' },
    expected: 'The pod runs.',
    seen: 'It does not.',
    atMs,
    events,
  };
}

test("tells what the runtime refused for the violation's pod, each reason once, and nothing of other pods", () => {
  const trace = traceOf([
    { kind: 'agent.started', actor: 'agent', incarnation: 1 },
    calls(1, 'RunPodSandbox', 'web-node-1'),
    effect(1, 'RunPodSandbox', 'UNKNOWN'),
    answers(1, 'RunPodSandbox', 'UNKNOWN', 'no room for sandboxes'),
    calls(2, 'RunPodSandbox', 'web-node-1'),
    effect(2, 'RunPodSandbox', 'UNKNOWN'),
    answers(2, 'RunPodSandbox', 'UNKNOWN', 'no room for sandboxes, again'),
    calls(3, 'StopContainer', 'web'),
    effect(3, 'StopContainer', 'UNKNOWN'),
    answers(3, 'StopContainer', 'UNKNOWN', 'of a pod whose name this one begins with'),
    calls(4, 'StopContainer', 'web-node-1'),
    effect(4, 'StopContainer', 'UNAVAILABLE'),
    answers(4, 'StopContainer', 'UNAVAILABLE', 'no longer there'),
    { kind: 'phase', actor: 'harness', phase: 'quiet' },
  ]);
  const told = excerptOf(trace, findingAt(13, [13]));
  expect(told.map(({ seq }) => seq)).toEqual([0, 3, 12, 13]);
});

test('does not call an answer that a fault gave, or one that came afterwards, a refusal of the runtime', () => {
  const trace = traceOf([
    calls(1, 'RunPodSandbox', 'web-node-1'),
    { kind: 'fault', actor: 'harness', fault: 0, effect: 'error', target: 'call RunPodSandbox' },
    answers(1, 'RunPodSandbox', 'UNAVAILABLE', 'a fault of the plan'),
    { kind: 'phase', actor: 'harness', phase: 'quiet' },
    calls(2, 'StopContainer', 'web-node-1'),
    effect(2, 'StopContainer', 'UNKNOWN'),
    answers(2, 'StopContainer', 'UNKNOWN', 'after the violation'),
  ]);
  expect(excerptOf(trace, findingAt(3, [3])).map(({ seq }) => seq)).toEqual([1, 3]);
});
