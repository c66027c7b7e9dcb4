import type { Deviation, Fault, Plan, PlanPod, Step } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';

/** One thing that can be taken out of a plan: the reduced plan is 1-minimal over these. */
export type PlanElement = Step | Fault | Deviation;

/** All elements of a plan: its steps, its faults, its deviations. */
export function elementsOf(plan: Plan): PlanElement[] {
  return [...plan.steps, ...plan.faults, ...plan.schedule];
}

/** The plan without these elements (compared by reference), tidied. */
export function without(plan: Plan, dropped: ReadonlySet<PlanElement>): Plan {
  return tidy({
    ...plan,
    steps: plan.steps.filter((step) => !dropped.has(step)),
    faults: plan.faults.filter((fault) => !dropped.has(fault)),
    schedule: plan.schedule.filter((deviation) => !dropped.has(deviation)),
  });
}

/** The plan without a source and all that concerns it. */
export function withoutSource(plan: Plan, source: SourceKind): Plan {
  return tidy({
    ...plan,
    setup: { ...plan.setup, sources: plan.setup.sources.filter((kind) => kind !== source) },
    steps: plan.steps.filter((step) => sourceOf(step) !== source),
    faults: plan.faults.filter((fault) => !('source' in fault.at && fault.at.source === source)),
    schedule: plan.schedule.filter(
      ({ message }) => !(message.kind === 'delivery' && message.source === source),
    ),
  });
}

/** The plan without a pod and all that concerns it. */
export function withoutPod(plan: Plan, slot: number): Plan {
  return tidy({
    ...plan,
    steps: plan.steps.filter((step) => slotOf(step) !== slot),
    faults: plan.faults.filter((fault) => slotOfFault(fault) !== slot),
    schedule: plan.schedule.filter((deviation) => slotOfDeviation(deviation) !== slot),
  });
}

/** The source that a step acts on, if it is one's own. */
export function sourceOf(step: Step): SourceKind | undefined {
  if (step.do === 'watch') return 'api';
  return 'source' in step ? step.source : undefined;
}

/** The pod that a step acts on. */
export function slotOf(step: Step): number | undefined {
  return 'pod' in step ? step.pod : undefined;
}

/** The pod whose calls a fault hits. */
export function slotOfFault(fault: Fault): number | undefined {
  return 'pod' in fault.at ? fault.at.pod : undefined;
}

/** The pod whose messages a deviation delays. */
export function slotOfDeviation({ message }: Deviation): number | undefined {
  return 'pod' in message ? message.pod : undefined;
}

/**
 * The same plan without what nothing refers to: pods, versions of pods; and with waits in a row joined to one.
 * It behaves alike, so that reducing need not try any of this.
 */
export function tidy(plan: Plan): Plan {
  const used = new Set<number>();
  for (const step of plan.steps) addDefined(used, slotOf(step));
  for (const fault of plan.faults) addDefined(used, slotOfFault(fault));
  for (const deviation of plan.schedule) addDefined(used, slotOfDeviation(deviation));
  const pods = plan.setup.pods.filter((pod) => used.has(pod.slot));
  return dropUnusedVersions({
    ...plan,
    setup: pods.length === plan.setup.pods.length ? plan.setup : { ...plan.setup, pods },
    steps: joinWaits(plan.steps),
  });
}

function joinWaits(steps: readonly Step[]): Step[] {
  const joined: Step[] = [];
  for (const step of steps) {
    const last = joined.at(-1);
    if (step.do === 'wait' && last?.do === 'wait') {
      joined[joined.length - 1] = { ...last, ms: Math.min(86_400_000, last.ms + step.ms) };
    } else {
      joined.push(step);
    }
  }
  return joined;
}

/** Versions that no step names are dropped and the rest renumbered; the first of all is kept if none is named. */
function dropUnusedVersions(plan: Plan): Plan {
  const numbers = new Map<number, Map<number, number>>();
  const pods = plan.setup.pods.map((pod) => {
    const named = new Set<number>();
    for (const step of plan.steps) {
      if ('spec' in step && step.spec !== undefined && step.pod === pod.slot) {
        named.add(step.spec % pod.specs.length);
      }
    }
    if (named.size === 0) named.add(0);
    if (named.size === pod.specs.length) return pod;
    const kept = [...named].sort((left, right) => left - right);
    numbers.set(pod.slot, new Map(kept.map((version, index) => [version, index])));
    return { ...pod, specs: kept.map((version) => pod.specs[version]!) };
  });
  if (numbers.size === 0) return plan;
  const before = new Map(plan.setup.pods.map((pod): [number, PlanPod] => [pod.slot, pod]));
  const steps = plan.steps.map((step) => {
    if (!('spec' in step) || step.spec === undefined || step.pod === undefined) return step;
    const renumbered = numbers.get(step.pod);
    if (renumbered === undefined) return step;
    const spec = renumbered.get(step.spec % before.get(step.pod)!.specs.length)!;
    return spec === step.spec ? step : { ...step, spec };
  });
  return { ...plan, setup: { ...plan.setup, pods }, steps };
}

function addDefined(set: Set<number>, value: number | undefined): void {
  if (value !== undefined) set.add(value);
}
