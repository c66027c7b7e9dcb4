import type { Deviation, Fault, Plan, PlanContainer, PlanSpec, Step } from '../spec/plan.js';
import { fastTimings } from '../spec/timings.js';
import { omit } from './omit.js';
import { workloadImages } from './pod-specs.js';
import { slotOfDeviation, slotOfFault, tidy } from './plan-parts.js';

/** Simpler plans to try in place of this one, the boldest first. Lazily made: the first that fails is taken. */
export type Simplification = (plan: Plan) => Iterable<Plan>;

/** In the order in which they are tried. A simplification offers only plans that differ from its argument. */
export const simplifications: readonly Simplification[] = [
  plainSpecs,
  plainForms,
  simplerTimings,
  renamedPods,
  simplerSteps,
  shorterWaits,
  simplerFaults,
  shorterDelays,
];

/** Every spec as plain as can be at once, then one attribute after the other. */
function* plainSpecs(plan: Plan): Iterable<Plan> {
  const all = (spec: PlanSpec): PlanSpec =>
    specSimplifiers.reduce((simpler, simplifier) => simplifier(simpler), spec);
  yield* differing(plan, [mapSpecs(plan, all)]);
  for (const simplifier of specSimplifiers) yield* differing(plan, [mapSpecs(plan, simplifier)]);
}

const specSimplifiers: readonly ((spec: PlanSpec) => PlanSpec)[] = [
  (spec) => omit(spec, 'initContainers'),
  (spec) => mapInits(spec, (inits) => inits.slice(0, 1)),
  (spec) => mapInits(spec, (inits) => inits.slice(-1)),
  (spec) => mapInits(spec, (inits) => inits.map(succeeding)),
  (spec) => omit(spec, 'hostNetwork'),
  (spec) => omit(spec, 'labels'),
  (spec) => omit(spec, 'annotations'),
  (spec) => ({ ...spec, containers: [spec.containers[0]!] }),
  (spec) => mapContainers(spec, (container) => omit(container, 'preStopMs')),
  (spec) => mapContainers(spec, (container) => omit(container, 'pullPolicy')),
  (spec) =>
    mapContainers(spec, (container) => ({
      ...container,
      workload: container.workload.mark === undefined ? {} : { mark: container.workload.mark },
    })),
  (spec) =>
    mapContainers(spec, (container) => ({ ...container, workload: omit(container.workload, 'mark') })),
  (spec) => ({ ...spec, restartPolicy: 'Always' }),
  (spec) => ({ ...spec, graceS: Math.min(spec.graceS, 1) }),
];

/** Manifests in their usual form. */
function* plainForms(plan: Plan): Iterable<Plan> {
  const plain = (step: Step): Step => {
    if ((step.do !== 'add' && step.do !== 'update') || step.form === undefined) return step;
    return omit(step, 'form');
  };
  yield* differing(plan, [{ ...plan, steps: plan.steps.map(plain) }]);
  yield* eachStep(plan, (step) => [plain(step)]);
}

/** The fast periods, in plans that run with slower ones. Faster ones are those of a live run and stay. */
function* simplerTimings(plan: Plan): Iterable<Plan> {
  if ((plan.setup.timings.relistMs ?? 0) < fastTimings.relistMs) return;
  yield* differing(plan, [{ ...plan, setup: { ...plan.setup, timings: { ...fastTimings } } }]);
}

/** Slots from 0, the first names, the first images. */
function* renamedPods(plan: Plan): Iterable<Plan> {
  const slots = new Map(plan.setup.pods.map((pod, index) => [pod.slot, index]));
  const names = numbered(plan.setup.pods.map((pod) => pod.identity.name));
  const uids = numbered(plan.setup.pods.flatMap((pod) => pod.identity.uid ?? []));
  const pods = plan.setup.pods.map((pod, slot) => ({
    ...pod,
    slot,
    identity: {
      namespace: 'default',
      name: podNames[names.get(pod.identity.name)!] ?? pod.identity.name,
      ...(pod.identity.uid === undefined ? {} : { uid: `uid-${uids.get(pod.identity.uid)!}` }),
    },
  }));
  const renamed: Plan = {
    ...plan,
    setup: { ...plan.setup, pods },
    steps: plan.steps.map((step) => {
      if (!('pod' in step) || step.pod === undefined) return step;
      return { ...step, pod: slots.get(step.pod) ?? step.pod };
    }),
    faults: plan.faults.map((fault) => {
      const slot = slotOfFault(fault);
      return slot === undefined
        ? fault
        : { ...fault, at: { ...fault.at, pod: slots.get(slot) ?? slot } as Fault['at'] };
    }),
    schedule: plan.schedule.map((deviation) => {
      const slot = slotOfDeviation(deviation);
      if (slot === undefined) return deviation;
      return {
        ...deviation,
        message: { ...deviation.message, pod: slots.get(slot) ?? slot } as Deviation['message'],
      };
    }),
  };
  const images = numbered(
    pods.flatMap((pod) => pod.specs.flatMap((spec) => spec.containers.map((container) => container.image))),
  );
  const reimaged = mapSpecs(renamed, (spec) =>
    mapContainers(spec, (container) => ({
      ...container,
      image: workloadImages[images.get(container.image) ?? 99] ?? container.image,
    })),
  );
  const renumbered = {
    ...reimaged,
    steps: reimaged.steps.map((step, index) => ({ ...step, id: `s${index + 1}` })),
  };
  yield* differing(plan, [renumbered, reimaged, renamed]);
}

const podNames = ['web', 'db', 'cache', 'queue', 'proxy', 'cron'] as const;

/** Plainer ways to do what a step does. */
function* simplerSteps(plan: Plan): Iterable<Plan> {
  yield* eachStep(plan, (step) => {
    switch (step.do) {
      case 'restartAgent':
        return [
          { ...step, how: 'kill' as const, downMs: 0 },
          { ...step, downMs: 0 },
          ...shorter(step.downMs).map((downMs) => ({ ...step, downMs })),
          { ...step, how: 'kill' as const },
        ];
      case 'delete':
        return [omit(step, 'graceS')];
      case 'exitContainer':
        return [
          { ...step, container: 'main', code: 1 },
          { ...step, container: 'main' },
          { ...step, code: 1 },
        ];
      case 'damage':
        return step.container === undefined ? [] : [{ ...step, container: 'main' }];
      case 'duplicate':
        return [omit(step, 'uid')];
      case 'settle':
        return [{ do: 'wait' as const, id: step.id, ms: 2_000 }];
      default:
        return [];
    }
  });
}

/** Waits cut to the shortest round length that will do. */
function* shorterWaits(plan: Plan): Iterable<Plan> {
  const roundUp = (step: Step): Step =>
    step.do === 'wait' ? { ...step, ms: lengthsMs.find((ms) => ms >= step.ms) ?? step.ms } : step;
  const short = (step: Step): Step => (step.do === 'wait' ? { ...step, ms: Math.min(step.ms, 1_000) } : step);
  yield* differing(plan, [{ ...plan, steps: plan.steps.map(short) }]);
  yield* eachStep(plan, (step) =>
    step.do === 'wait' ? shorter(step.ms).map((ms): Step => ({ ...step, ms })) : [],
  );
  if (plan.steps.some((step) => step.do === 'wait' && !lengthsMs.includes(step.ms))) {
    yield* eachStep(plan, (step) => [roundUp(step)].filter((rounded) => lengthOf(rounded) > lengthOf(step)));
  }
}

function lengthOf(step: Step): number {
  return step.do === 'wait' ? step.ms : 0;
}

/** Faults that come earlier, once, and without particulars. */
function* simplerFaults(plan: Plan): Iterable<Plan> {
  for (const [index, fault] of plan.faults.entries()) {
    const variants: Fault[] = [omit(fault, 'count', 'code', 'body')];
    if (fault.body !== undefined) variants.push(omit(fault, 'body'));
    if ((fault.count ?? 1) > 1) {
      variants.push(omit(fault, 'count'), { ...fault, count: Math.ceil(fault.count! / 2) });
    }
    if ('call' in fault.at && fault.at.container !== undefined) {
      variants.push({ ...fault, at: omit(fault.at, 'container') });
    }
    for (const at of earlier(fault.at)) variants.push({ ...fault, at });
    if (fault.ms !== undefined) variants.push(...shorter(fault.ms).map((ms) => ({ ...fault, ms })));
    if (fault.downMs !== undefined && fault.downMs > 0) {
      variants.push(
        { ...fault, downMs: 0 },
        ...shorter(fault.downMs).map((downMs) => ({ ...fault, downMs })),
      );
    }
    yield* differing(
      plan,
      variants.map((variant) => ({ ...plan, faults: replaced(plan.faults, index, variant) })),
    );
  }
}

function earlier(at: Fault['at']): Fault['at'][] {
  if ('nth' in at) return countsBefore(at.nth).map((nth) => ({ ...at, nth }));
  if ('poll' in at) return countsBefore(at.poll).map((poll) => ({ ...at, poll }));
  return countsBefore(at.message).map((message) => ({ ...at, message }));
}

function countsBefore(count: number): number[] {
  return [...new Set([1, Math.ceil(count / 2), count - 1])].filter((value) => value >= 1 && value < count);
}

/** Deviations with shorter delays, on earlier messages. */
function* shorterDelays(plan: Plan): Iterable<Plan> {
  for (const [index, deviation] of plan.schedule.entries()) {
    const variants: Deviation[] = [
      ...shorter(deviation.delayMs).map((delayMs) => ({ ...deviation, delayMs })),
      ...countsBefore(deviation.message.nth).map((nth) => ({
        ...deviation,
        message: { ...deviation.message, nth },
      })),
    ];
    yield* differing(
      plan,
      variants.map((variant) => ({ ...plan, schedule: replaced(plan.schedule, index, variant) })),
    );
  }
}

/** Round lengths of time, in milliseconds. */
const lengthsMs: readonly number[] = [
  10, 20, 50, 100, 200, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000,
  600_000,
];

/** At most three shorter round lengths: much, somewhat, and a little shorter. Asked again, they close in. */
function shorter(ms: number): number[] {
  const below = lengthsMs.filter((length) => length < ms);
  if (below.length === 0) return [];
  const indexes = [0, Math.floor((below.length - 1) / 2), below.length - 1];
  return [...new Set(indexes)].map((index) => below[index]!);
}

function* eachStep(plan: Plan, variantsOf: (step: Step) => readonly Step[]): Iterable<Plan> {
  for (const [index, step] of plan.steps.entries()) {
    yield* differing(
      plan,
      variantsOf(step).map((variant) => ({ ...plan, steps: replaced(plan.steps, index, variant) })),
    );
  }
}

/** Those of the candidates that are not the plan itself, tidied. */
function* differing(plan: Plan, candidates: readonly Plan[]): Iterable<Plan> {
  const text = JSON.stringify(plan);
  for (const candidate of candidates) {
    const tidied = tidy(candidate);
    if (JSON.stringify(tidied) !== text) yield tidied;
  }
}

function mapSpecs(plan: Plan, map: (spec: PlanSpec) => PlanSpec): Plan {
  const pods = plan.setup.pods.map((pod) => ({ ...pod, specs: pod.specs.map(map) }));
  return { ...plan, setup: { ...plan.setup, pods } };
}

function mapContainers(spec: PlanSpec, map: (container: PlanContainer) => PlanContainer): PlanSpec {
  return {
    ...spec,
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(map) }),
    containers: spec.containers.map(map),
  };
}

function mapInits(spec: PlanSpec, map: (inits: readonly PlanContainer[]) => PlanContainer[]): PlanSpec {
  return spec.initContainers === undefined ? spec : { ...spec, initContainers: map(spec.initContainers) };
}

/** The same container, but with a good end where it has one. */
function succeeding(container: PlanContainer): PlanContainer {
  const { exitCode = 0 } = container.workload;
  return exitCode === 0 ? container : { ...container, workload: { ...container.workload, exitCode: 0 } };
}

function replaced<Value>(values: readonly Value[], index: number, value: Value): Value[] {
  return values.map((old, at) => (at === index ? value : old));
}

/** Each distinct text and the order in which it first comes. */
function numbered(texts: readonly string[]): Map<string, number> {
  return new Map([...new Set(texts)].map((text, index) => [text, index]));
}
