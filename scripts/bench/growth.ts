import type { Plan, Step } from '../../harness/spec/plan.js';
import { fastTimings } from '../../harness/spec/timings.js';
import { check, median, timed } from './common.js';

const samplesMax = 9;

/** A plan that adds, edits and removes `pods` pods, `rounds` times. */
function regularPlan(pods: number, rounds: number): Plan {
  const steps: Step[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let pod = 0; pod < pods; pod++) {
      const shared = { source: 'feed', pod } as const;
      steps.push(
        { do: 'add', id: `a${steps.length}`, ...shared, spec: 0 },
        { do: 'wait', id: `w${steps.length}`, ms: 1_000 / pods },
      );
      steps.push(
        { do: 'update', id: `u${steps.length}`, ...shared, spec: 1 },
        { do: 'wait', id: `w${steps.length}`, ms: 1_000 / pods },
      );
      steps.push({ do: 'remove', id: `r${steps.length}`, ...shared });
    }
    steps.push({ do: 'wait', id: `w${steps.length}`, ms: 4_000 });
  }
  const spec = (image: string): Plan['setup']['pods'][number]['specs'][number] => ({
    restartPolicy: 'Always',
    graceS: 1,
    containers: [{ name: 'main', image, workload: {} }],
  });
  return {
    plan: 1,
    seed: 'bench',
    suite: 'bench',
    setup: {
      sources: ['feed'],
      timings: fastTimings,
      pods: Array.from({ length: pods }, (_, slot) => ({
        slot,
        identity: { namespace: 'default', name: `pod-${slot}`, uid: `uid-${slot}` },
        specs: [spec('conformance/workload:v1'), spec('conformance/workload:v2')],
      })),
    },
    steps,
    faults: [],
    schedule: [],
  };
}

/**
 * What ten times the steps, and ten times the pods, cost beside the same plan without. CPU time is given too: it
 * counts the collector's threads, which copy the longer trace while the case goes on.
 */
export async function growth(): Promise<object> {
  const base = await cost(regularPlan(3, 10));
  const steps = await cost(regularPlan(3, 100));
  const pods = await cost(regularPlan(30, 10));
  return {
    tenTimesSteps: steps.wallMs / base.wallMs,
    tenTimesPods: pods.wallMs / base.wallMs,
    tenTimesStepsCpu: steps.cpuMs / base.cpuMs,
    tenTimesPodsCpu: pods.cpuMs / base.cpuMs,
  };
}

/** The medians of several runs after a first. */
async function cost(plan: Plan): Promise<{ wallMs: number; cpuMs: number }> {
  await check(plan);
  const samples: { wallMs: number; cpuMs: number }[] = [];
  for (let sample = 0; sample < samplesMax; sample++) samples.push(await timed(() => check(plan)));
  return {
    wallMs: median(samples.map((one) => one.wallMs)),
    cpuMs: median(samples.map((one) => one.cpuMs)),
  };
}
