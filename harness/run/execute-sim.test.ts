import { expect, test } from 'vitest';
import { createReferenceAgent, referenceFeatures } from '../../fakes/agent/reference-agent.js';
import type { AgentPorts } from '../ports/agent.js';
import type { Plan } from '../spec/plan.js';
import { fastTimings, liveTimings, type Timings } from '../spec/timings.js';
import { checkPlan } from './check-plan.js';
import { executeSim } from './execute-sim.js';

const profile = {
  name: 'reference',
  sources: ['file'],
  features: referenceFeatures,
  timings: fastTimings,
} as const;

/** One pod with a hook that takes so long, removed. */
function planWithHook(preStopMs: number, timings: Timings, faults: Plan['faults'] = []): Plan {
  const main = { name: 'main', image: 'conformance/workload:v1', workload: {}, preStopMs };
  return {
    plan: 1,
    seed: 'hook',
    suite: 'termination',
    setup: {
      sources: ['file'],
      timings,
      pods: [
        {
          slot: 0,
          identity: { namespace: 'default', name: 'web' },
          specs: [{ restartPolicy: 'Always', graceS: 60, containers: [main] }],
        },
      ],
    },
    steps: [
      { id: 's1', do: 'add', source: 'file', pod: 0, spec: 0 },
      { id: 's2', do: 'wait', ms: 5_000 },
      { id: 's3', do: 'remove', source: 'file', pod: 0 },
      { id: 's4', do: 'wait', ms: 250 },
    ],
    faults,
    schedule: [],
  };
}

/** The reference agent, which does this with each list of the runtime once it has a copy of it. */
function agentThat(useList: (list: unknown[]) => void) {
  return (ports: AgentPorts): ReturnType<typeof createReferenceAgent> => {
    const call = async (...words: Parameters<AgentPorts['runtime']['call']>): Promise<never> => {
      const answer = await ports.runtime.call(...words);
      const copy = structuredClone(answer);
      for (const value of Object.values(answer)) if (Array.isArray(value)) useList(value);
      return copy as never;
    };
    return createReferenceAgent({ ...ports, runtime: { ...ports.runtime, call } });
  };
}

test('an agent may take from a list of the runtime what it will: neither trace nor runtime know', async () => {
  const plan = planWithHook(10, fastTimings);
  const [careful, greedy] = await Promise.all(
    [() => {}, (list: unknown[]) => void list.splice(0)].map((useList) =>
      checkPlan({ plan, createAgent: agentThat(useList), profile }),
    ),
  );
  expect(greedy!.findings).toEqual([]);
  expect(greedy!.outcome.events).toEqual(careful!.outcome.events);
});

const lateAnswer = [{ at: { call: 'StopContainer', pod: 0, nth: 1 }, effect: 'delay', ms: 900 }] as const;

test.each([
  ['a hook runs', planWithHook(45_000, fastTimings), 'StopContainer'],
  ['an answer is on its way', planWithHook(10, liveTimings, [...lateAnswer]), 'StopPodSandbox'],
])('the world is not at rest while %s: what follows it is still to come', async (_while, plan, next) => {
  const { outcome, findings } = await checkPlan({
    plan,
    createAgent: (ports) => createReferenceAgent(ports),
    profile,
  });
  const phases = outcome.events.flatMap((event) => (event.kind === 'phase' ? [event] : []));
  const stopped = outcome.events.find((event) => event.kind === 'runtime.request' && event.method === next);
  expect(findings).toEqual([]);
  expect(phases.map(({ phase }) => phase)).toEqual(['chaos', 'heal', 'settle', 'settled', 'quiet']);
  expect(phases[3]!.seq).toBeGreaterThan(stopped!.seq);
});

test('heal lets go of an answer that the plan delays for longer than the world may take to settle', async () => {
  const at = { call: 'ListContainers', nth: 3 } as const;
  const { outcome, findings } = await checkPlan({
    plan: planWithHook(10, fastTimings, [{ at, effect: 'delay', ms: 600_000 }]),
    createAgent: (ports) => createReferenceAgent(ports),
    profile,
  });
  expect(outcome.events.some(({ kind }) => kind === 'fault')).toBe(true);
  expect(findings).toEqual([]);
  expect(outcome.durationMs).toBeLessThan(60_000);
});

test('the world is not at rest while an image has just been pulled: its container is still to come', async () => {
  const main = { name: 'main', image: 'conformance/workload:v1', workload: {} };
  const { setup, ...rest } = planWithHook(0, fastTimings);
  const pods = [{ ...setup.pods[0]!, specs: [{ restartPolicy: 'Always', graceS: 0, containers: [main] }] }];
  const image = { image: main.image };
  const sandboxConfig = { metadata: { name: 'web', namespace: 'default', uid: 'uid-0', attempt: 0 } };
  const { events } = await executeSim({
    plan: { ...rest, setup: { ...setup, pods }, steps: [] } as Plan,
    createAgent: ({ clock, runtime }) => ({
      start() {
        void runtime.call('RunPodSandbox', { config: sandboxConfig });
        clock.after(5_000, () => void runtime.call('PullImage', { image, sandboxConfig }));
      },
      stop() {},
    }),
    profile,
  });
  const pulled = events.find((event) => event.kind === 'runtime.effect' && event.method === 'PullImage');
  const settled = events.find((event) => event.kind === 'phase' && event.phase === 'settled');
  expect(settled!.t - pulled!.t).toBeGreaterThan(5_000);
});

test('pulls for a pod that crashes without end are no unrest, whether or not they say for which pod', async () => {
  const workload = { runMs: 300, exitCode: 1 };
  const main = { name: 'main', image: 'conformance/workload:v1', workload, pullPolicy: 'Always' };
  const { setup, steps, ...rest } = planWithHook(0, { ...liveTimings, garbageCollectionMs: 5_000 });
  const pods = [{ ...setup.pods[0]!, specs: [{ restartPolicy: 'Always', graceS: 0, containers: [main] }] }];
  const plan = { ...rest, setup: { ...setup, pods }, steps: steps.slice(0, 2) } as Plan;
  const nameless = (ports: AgentPorts): AgentPorts => ({
    ...ports,
    runtime: {
      ...ports.runtime,
      call: (method, request) =>
        ports.runtime.call(
          method,
          method === 'PullImage' ? { ...request, sandboxConfig: undefined } : request,
        ),
    },
  });
  for (const view of [(ports: AgentPorts) => ports, nameless]) {
    const createAgent = (ports: AgentPorts) => createReferenceAgent(view(ports));
    const { events } = await executeSim({ plan, createAgent, profile });
    const phases = events.flatMap((event) => (event.kind === 'phase' ? [event.phase] : []));
    expect(phases).toEqual(['chaos', 'heal', 'settle', 'settled', 'quiet']);
  }
});

test('a list that the plan wants old is what the runtime had then, and says of when it is', async () => {
  const nth = 6;
  const at = { call: 'ListContainers', nth } as const;
  const { outcome } = await checkPlan({
    plan: planWithHook(10, fastTimings, [{ at, effect: 'staleList', ms: 1_000_000 }]),
    createAgent: (ports) => createReferenceAgent(ports),
    profile,
  });
  const lists = outcome.events.flatMap((event) =>
    event.kind === 'runtime.reply' && event.method === 'ListContainers' && event.code === 'OK' ? [event] : [],
  );
  const [first, old] = [lists[0]!, lists[nth - 1]!];
  // By then the pod's container runs; the oldest list that there is has none.
  expect(lists[nth - 2]!.response).toMatchObject({ containers: [{ state: 'CONTAINER_RUNNING' }] });
  expect(old.response).toEqual({ containers: [] });
  expect(old.asOf).toBe(first.asOf);
});
