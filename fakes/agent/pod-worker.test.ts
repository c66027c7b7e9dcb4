import { expect, test } from 'vitest';
import { executeSim } from '../../harness/run/execute-sim.js';
import type { Deviation, Plan, Step } from '../../harness/spec/plan.js';
import { fastTimings } from '../../harness/spec/timings.js';
import type { TraceEvent } from '../../harness/trace/events.js';
import { createReferenceAgent, referenceFeatures } from './reference-agent.js';

/** What happens when these steps are made with one pod of 20 s grace in the manifest directory. */
async function traceOf(
  steps: readonly Step[],
  schedule: readonly Deviation[] = [],
): Promise<readonly TraceEvent[]> {
  const container = { name: 'main', image: 'conformance/workload:v1', workload: {} };
  const spec = { restartPolicy: 'Always' as const, graceS: 20, containers: [container] };
  const identity = { namespace: 'default', name: 'web', uid: 'uid-0' };
  const plan: Plan = {
    plan: 1,
    seed: 'by hand',
    suite: 'restart',
    setup: { sources: ['file'], timings: fastTimings, pods: [{ slot: 0, identity, specs: [spec] }] },
    steps: [...steps],
    faults: [],
    schedule: [...schedule],
  };
  const { events } = await executeSim({
    plan,
    createAgent: (ports) => createReferenceAgent(ports),
    profile: { name: 'reference', sources: ['file'], features: referenceFeatures, timings: fastTimings },
  });
  return events;
}

function stopTimeoutsOf(events: readonly TraceEvent[]): number[] {
  return events.flatMap((event) =>
    event.kind === 'runtime.request' && event.method === 'StopContainer'
      ? [(event.request as { timeout: number }).timeout]
      : [],
  );
}

const steps: readonly Step[] = [
  { id: 's1', do: 'add', source: 'file', pod: 0, spec: 0 },
  { id: 's2', do: 'wait', ms: 994 },
  { id: 's3', do: 'restartAgent', how: 'kill', downMs: 0 },
  { id: 's4', do: 'wait', ms: 4 },
  { id: 's5', do: 'remove', source: 'file', pod: 0 },
];

test('a pod that is removed before the first listing shows that it runs keeps its own grace', async () => {
  const isSlow = Array.from({ length: 20 }, (_, index): Deviation => ({
    message: { kind: 'reply', call: 'ListPodSandbox', nth: index + 1 },
    delayMs: 30,
  }));
  const events = await traceOf(steps, isSlow);
  const shown = events.filter((event) => event.kind === 'source.served').map(({ pods }) => pods?.length);
  expect(shown).toEqual([1, 1, 0]);
  expect(stopTimeoutsOf(events)).toEqual([20]);
});
