import { describe, expect, it } from 'vitest';
import { planSchema, type CriMethod, type Plan } from '../spec/plan.js';
import { fastTimings } from '../spec/timings.js';
import type { TraceEvent, TraceEventBody } from '../trace/events.js';
import { sweepPlans } from './sweep.js';

const plan: Plan = {
  plan: 1,
  seed: 's',
  suite: 'mixed',
  setup: {
    sources: ['file'],
    timings: {},
    pods: [
      {
        slot: 4,
        identity: { namespace: 'default', name: 'web' },
        specs: [
          { restartPolicy: 'Always', graceS: 1, containers: [{ name: 'main', image: 'i:1', workload: {} }] },
        ],
      },
    ],
  },
  steps: [{ id: 's1', do: 'add', source: 'file', pod: 4, spec: 0 }],
  faults: [{ at: { source: 'http', poll: 1 }, effect: 'empty' }],
  schedule: [],
};

function traceOf(bodies: readonly TraceEventBody[]): TraceEvent[] {
  return bodies.map((body, seq) => ({ t: seq, seq, ...body }) as TraceEvent);
}

const begin: TraceEventBody = {
  kind: 'run.started',
  actor: 'harness',
  trace: 1,
  world: 'sim',
  nodeName: 'node-1',
  sources: ['file'],
  timings: fastTimings,
  features: [],
  slackMs: 0,
};

function request(method: CriMethod, podName?: string): TraceEventBody {
  const target = podName === undefined ? {} : { podName, podNamespace: 'default', podUid: 'made-up' };
  return { kind: 'runtime.request', actor: 'agent', call: 1, method, incarnation: 1, request: {}, ...target };
}

describe('sweepPlans', () => {
  it('puts each fault on each call once, counted as the run counts', () => {
    const cases = sweepPlans(
      plan,
      traceOf([
        begin,
        request('Version'),
        request('RunPodSandbox', 'web-node-1'),
        request('RunPodSandbox', 'web-node-1'),
        request('CreateContainer', 'other-node-1'),
        { kind: 'phase', actor: 'harness', phase: 'heal' },
        request('StopContainer', 'web-node-1'),
      ]),
    );
    expect(cases.map(({ plan: { faults } }) => faults)).toEqual([
      ...[1, 2].flatMap((nth) => {
        const at = { call: 'RunPodSandbox', pod: 4, nth };
        return [
          [{ at, effect: 'crashBefore', downMs: 0 }],
          [{ at, effect: 'crashAfter', downMs: 0 }],
          [{ at, effect: 'lostReply' }],
          [{ at, effect: 'errorBefore' }],
        ];
      }),
      ...['crashBefore', 'crashAfter', 'lostReply', 'errorBefore'].map((effect) => [
        expect.objectContaining({ at: { call: 'CreateContainer', nth: 1 }, effect }),
      ]),
    ]);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    expect(cases[6]!.name).toBe('RunPodSandbox web #2, lost reply');
    for (const swept of cases) expect(planSchema.safeParse(swept.plan).error).toBeUndefined();
  });

  it('sweeps only the first idle polls, with errors and stale answers', () => {
    const cases = sweepPlans(
      plan,
      traceOf([begin, ...Array.from({ length: 50 }, () => request('ListContainers'))]),
    );
    expect(cases).toHaveLength(24);
    expect(cases.at(-1)!.plan.faults).toEqual([
      { at: { call: 'ListContainers', nth: 12 }, effect: 'staleList', ms: 1_000 },
    ]);
  });
});
