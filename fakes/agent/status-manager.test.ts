import { expect, test } from 'vitest';
import { executeSim } from '../../harness/run/execute-sim.js';
import type { Plan, Step } from '../../harness/spec/plan.js';
import { fastTimings } from '../../harness/spec/timings.js';
import { createReferenceAgent, referenceFeatures } from './reference-agent.js';

/** The pod's object is deleted and made again under its UID; the last container runs in the end, or does not. */
async function runsAfter(waitMs: number): Promise<boolean> {
  const container = { name: 'main', image: 'conformance/workload:v1', workload: {} };
  const spec = { restartPolicy: 'Always' as const, graceS: 1, containers: [container] };
  const identity = { namespace: 'default', name: 'web', uid: 'uid-0' };
  const steps: Step[] = [
    { id: 's1', do: 'add', source: 'api', pod: 0, spec: 0 },
    { id: 's2', do: 'wait', ms: 500 },
    { id: 's3', do: 'delete', source: 'api', pod: 0 },
    { id: 's4', do: 'wait', ms: waitMs },
    { id: 's5', do: 'remove', source: 'api', pod: 0 },
    { id: 's6', do: 'add', source: 'api', pod: 0, spec: 0 },
  ];
  const plan: Plan = {
    plan: 1,
    seed: 'by hand',
    suite: 'api',
    setup: { sources: ['api'], timings: fastTimings, pods: [{ slot: 0, identity, specs: [spec] }] },
    steps,
    faults: [],
    schedule: [],
  };
  const { events } = await executeSim({
    plan,
    createAgent: (ports) => createReferenceAgent(ports),
    profile: { name: 'reference', sources: ['api'], features: referenceFeatures, timings: fastTimings },
  });
  return events.findLast((event) => event.kind === 'container')?.state === 'running';
}

test('the end of one life of a pod is never written to the object of its next', async () => {
  for (let waitMs = 10; waitMs < 32; waitMs++)
    expect([waitMs, await runsAfter(waitMs)]).toEqual([waitMs, true]);
});
