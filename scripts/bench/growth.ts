import type { Plan, Step } from '../../harness/spec/plan.js';
import { fastTimings } from '../../harness/spec/timings.js';
import { check, median, timed } from './common.js';

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

/** What ten times the steps, and ten times the pods, cost beside the same plan without. */
export async function growth(): Promise<object> {
  const time = async (plan: Plan): Promise<number> => {
    await check(plan);
    const samples: number[] = [];
    for (let sample = 0; sample < 5; sample++) samples.push((await timed(() => check(plan))).cpuMs);
    return median(samples);
  };
  const base = await time(regularPlan(3, 10));
  return {
    tenTimesSteps: (await time(regularPlan(3, 100))) / base,
    tenTimesPods: (await time(regularPlan(30, 10))) / base,
  };
}
