import type { Fault, Plan, PlanPod, Step } from '../spec/plan.js';

/**
 * One long plan out of several, for an agent that runs on from case to case: each part's pods get names and slots
 * of their own and leave at its end. What concerns the whole node (restarts of the agent, of the runtime, of a
 * source) is left out, and so are faults that cannot be told to a part.
 */
export function mergePlans(plans: readonly [Plan, ...Plan[]]): Plan {
  const first = plans[0];
  const parts = plans.map(renumber);
  return {
    ...first,
    setup: { ...first.setup, pods: parts.flatMap((part) => part.pods) },
    steps: parts.flatMap((part) => part.steps),
    faults: parts.flatMap((part) => part.faults),
    schedule: [],
  };
}

interface Part {
  readonly pods: PlanPod[];
  readonly steps: Step[];
  readonly faults: Fault[];
}

const slotsPerPart = 20;

function renumber(plan: Plan, part: number): Part {
  const slotOf = (slot: number): number => part * slotsPerPart + (slot % slotsPerPart);
  const pods = plan.setup.pods.map((pod) => ({
    ...pod,
    slot: slotOf(pod.slot),
    identity: {
      ...pod.identity,
      name: `${pod.identity.name}-c${part}`,
      ...(pod.identity.uid === undefined ? {} : { uid: `${pod.identity.uid}-c${part}` }),
    },
  }));
  const kept = plan.steps.filter((step) => !isGlobal(step));
  const steps = kept.map((step) => ({
    ...step,
    id: `c${part}-${step.id}`,
    ...('pod' in step && step.pod !== undefined ? { pod: slotOf(step.pod) } : {}),
  }));
  const held = new Map(
    kept.flatMap((step) =>
      'source' in step && 'pod' in step && step.pod !== undefined
        ? [[`${step.source}/${step.pod}`, step] as const]
        : [],
    ),
  );
  const leaving: Step[] = [...held.values()].map((step, index) => ({
    do: 'remove',
    id: `c${part}-leave-${index}`,
    source: (step as Extract<Step, { do: 'add' }>).source,
    pod: slotOf((step as Extract<Step, { do: 'add' }>).pod),
  }));
  const faults = plan.faults.flatMap((fault): Fault[] => {
    if (
      !('call' in fault.at) ||
      fault.at.pod === undefined ||
      fault.effect === 'crashBefore' ||
      fault.effect === 'crashAfter'
    )
      return [];
    return [{ ...fault, at: { ...fault.at, pod: slotOf(fault.at.pod) } }];
  });
  return {
    pods,
    steps: [
      ...steps,
      { do: 'settle', id: `c${part}-settle` },
      ...leaving,
      { do: 'settle', id: `c${part}-end` },
    ],
    faults,
  };
}

function isGlobal(step: Step): boolean {
  return (
    step.do === 'restartAgent' ||
    step.do === 'outage' ||
    step.do === 'runtime' ||
    step.do === 'watch' ||
    step.do === 'removeImage'
  );
}
