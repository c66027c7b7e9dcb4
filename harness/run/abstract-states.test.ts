import { expect, test } from 'vitest';
import { createReferenceAgent, referenceFeatures } from '../../fakes/agent/reference-agent.js';
import type { Plan } from '../spec/plan.js';
import { fastTimings } from '../spec/timings.js';
import { abstractStates } from './abstract-states.js';
import { checkPlan } from './check-plan.js';

const plan: Plan = {
  plan: 1,
  seed: 'states',
  suite: 'test',
  setup: {
    sources: ['feed'],
    timings: fastTimings,
    pods: [
      {
        slot: 0,
        identity: { namespace: 'default', name: 'web', uid: 'uid-web' },
        specs: [
          { restartPolicy: 'Always', graceS: 1, containers: [{ name: 'main', image: 'w:1', workload: {} }] },
        ],
      },
    ],
  },
  steps: [
    { do: 'add', id: 's1', source: 'feed', pod: 0, spec: 0 },
    { do: 'wait', id: 's2', ms: 4_000 },
  ],
  faults: [
    { at: { call: 'StartContainer', pod: 0, nth: 1 }, effect: 'lostReply' },
    { at: { event: 'container', pod: 0, nth: 1 }, effect: 'eventLost' },
    { at: { call: 'StopContainer', pod: 0, nth: 9 }, effect: 'hang' },
  ],
  schedule: [],
};

test('names the requirements that were exercised and the faults that hit something, and no others', async () => {
  const profile = {
    name: 'test',
    sources: ['feed'] as const,
    features: referenceFeatures,
    timings: fastTimings,
  };
  const { judgement, outcome } = await checkPlan({
    plan,
    createAgent: (ports) => createReferenceAgent(ports),
    profile,
  });
  const states = abstractStates(plan, judgement.verdicts, outcome.events);
  expect([...states]).toEqual(
    expect.arrayContaining([
      'MUX-02',
      'RT-01',
      'lostReply of StartContainer',
      'eventLost of container event',
    ]),
  );
  expect([...states].filter((state) => state.includes('StopContainer') || state === 'HTTP-02')).toEqual([]);
});
