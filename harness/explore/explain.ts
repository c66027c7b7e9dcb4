import type { Deviation, Fault, Plan, PlanSpec, Step } from '../spec/plan.js';
import { isStaticSource, type SourceKind } from '../spec/pod.js';
import { workloadImages } from './pod-specs.js';
import { tidy } from './plan-parts.js';
import type { Probe } from './probe.js';

/** A detail that may not matter: plans in which it is another. When all of them fail, it does not. */
interface Variation {
  readonly words: string;
  readonly plans: readonly Plan[];
}

/**
 * Says in words which details of a failing plan do not matter: each is varied, and named when the plan still
 * fails in the same way. It never claims more than was tried, nor tries a source that is not among `sources`.
 */
export async function explainPlan(
  probe: Probe,
  plan: Plan,
  sources: readonly SourceKind[],
): Promise<string[]> {
  const words: string[] = [];
  const variations = [...variationsOf(plan, sources)];
  probe.foresee(variations.flatMap(({ plans }) => plans.map(tidy)));
  for (const variation of variations) {
    if (variation.plans.length === 0) continue;
    let fails = true;
    for (const candidate of variation.plans) fails &&= await probe.fails(tidy(candidate));
    if (probe.exhausted) break;
    if (fails && !words.includes(variation.words)) words.push(variation.words);
  }
  return words;
}

function* variationsOf(plan: Plan, sources: readonly SourceKind[]): Iterable<Variation> {
  yield { words: 'any image', plans: otherImages(plan) };
  yield { words: 'any grace period', plans: otherGrace(plan) };
  yield { words: 'any restart policy', plans: otherPolicies(plan) };
  yield* otherSources(plan, sources);
  yield* longerWaits(plan);
  yield* otherFaults(plan);
  yield* longerDelays(plan);
  yield* otherRestarts(plan);
  yield* otherOrder(plan);
}

/** Every image replaced by the next, so that equal ones stay equal and different ones different. */
function otherImages(plan: Plan): Plan[] {
  const known = new Set<string>(workloadImages);
  const images = plan.setup.pods.flatMap((pod) =>
    pod.specs.flatMap((spec) => spec.containers.map((container) => container.image)),
  );
  if (images.length === 0 || images.some((image) => !known.has(image))) return [];
  if (plan.steps.some((step) => step.do === 'removeImage')) return [];
  return [1, 2].map((shift) =>
    mapSpecs(plan, (spec) => ({
      ...spec,
      containers: spec.containers.map((container) => ({
        ...container,
        image:
          workloadImages[(workloadImages.indexOf(container.image as never) + shift) % workloadImages.length]!,
      })),
    })),
  );
}

function otherGrace(plan: Plan): Plan[] {
  if (plan.setup.pods.length === 0) return [];
  return [0, 2, 5].map((graceS) => mapSpecs(plan, (spec) => ({ ...spec, graceS })));
}

function otherPolicies(plan: Plan): Plan[] {
  if (plan.setup.pods.length === 0) return [];
  return (['Always', 'OnFailure', 'Never'] as const).map((restartPolicy) =>
    mapSpecs(plan, (spec) => ({ ...spec, restartPolicy })),
  );
}

/** The plan with its only source exchanged for another that the agent has. */
function* otherSources(plan: Plan, sources: readonly SourceKind[]): Iterable<Variation> {
  const [source] = plan.setup.sources;
  if (source === undefined || plan.setup.sources.length > 1) return;
  const bound =
    plan.steps.some((step) => step.do === 'watch' || step.do === 'delete' || step.do === 'noise') ||
    plan.faults.some((fault) => 'source' in fault.at) ||
    plan.schedule.some((deviation) => deviation.message.kind === 'delivery');
  if (bound) return;
  for (const other of sources) {
    if (other === source) continue;
    // Pods from static sources need no UID, all others do.
    const pods = plan.setup.pods.map((pod) => {
      const { uid, ...name } = pod.identity;
      if (isStaticSource(other) || uid !== undefined) return pod;
      return { ...pod, identity: { ...name, uid: `uid-${pod.slot}` } };
    });
    const steps = plan.steps.map((step) => ('source' in step ? { ...step, source: other } : step));
    yield {
      words: `also with the ${other} source`,
      plans: [{ ...plan, setup: { ...plan.setup, sources: [other], pods }, steps }],
    };
  }
}

function* longerWaits(plan: Plan): Iterable<Variation> {
  for (const [index, step] of plan.steps.entries()) {
    if (step.do !== 'wait') continue;
    const waiting = (ms: number): Plan => withStep(plan, index, { ...step, ms });
    yield {
      words: `any wait ≥ ${inWords(step.ms)} at step ${index + 1}`,
      plans: [waiting(step.ms * 2), waiting(step.ms * 5)],
    };
  }
}

function* otherFaults(plan: Plan): Iterable<Variation> {
  for (const [index, fault] of plan.faults.entries()) {
    const varied = (change: Partial<Fault>): Plan => ({
      ...plan,
      faults: plan.faults.map((old, at) => (at === index ? { ...old, ...change } : old)),
    });
    const name = `fault ${index + 1}`;
    if (fault.effect === 'errorBefore' || fault.effect === 'errorAfter') {
      yield {
        words: `any error code in ${name}`,
        plans: [varied({ code: 'INTERNAL' }), varied({ code: 'UNAVAILABLE' })],
      };
    }
    if (fault.effect === 'status') {
      yield {
        words: `any error status in ${name}`,
        plans: [varied({ status: 404 }), varied({ status: 503 })],
      };
    }
    if (fault.ms !== undefined) {
      yield {
        words: `any delay ≥ ${inWords(fault.ms)} in ${name}`,
        plans: [varied({ ms: fault.ms * 2 }), varied({ ms: fault.ms * 5 })],
      };
    }
    if (fault.downMs !== undefined) {
      yield {
        words: `any down time in ${name}`,
        plans: [varied({ downMs: 0 }), varied({ downMs: 500 }), varied({ downMs: 5_000 })],
      };
    }
  }
}

function* longerDelays(plan: Plan): Iterable<Variation> {
  for (const [index, { delayMs }] of plan.schedule.entries()) {
    const delayed = (ms: number): Plan => ({
      ...plan,
      schedule: plan.schedule.map((old, at): Deviation => (at === index ? { ...old, delayMs: ms } : old)),
    });
    yield {
      words: `any delay ≥ ${inWords(delayMs)} in deviation ${index + 1}`,
      plans: [delayed(delayMs * 2), delayed(delayMs * 5)],
    };
  }
}

function* otherRestarts(plan: Plan): Iterable<Variation> {
  for (const [index, step] of plan.steps.entries()) {
    if (step.do !== 'restartAgent') continue;
    const how = step.how === 'kill' ? 'stop' : 'kill';
    yield {
      words: `killed or stopped at step ${index + 1}`,
      plans: [withStep(plan, index, { ...step, how })],
    };
    yield {
      words: `any down time at step ${index + 1}`,
      plans: [0, 500, 5_000].map((downMs) => withStep(plan, index, { ...step, downMs })),
    };
  }
}

function* otherOrder(plan: Plan): Iterable<Variation> {
  for (let index = 0; index + 1 < plan.steps.length; index++) {
    const [first, second] = [plan.steps[index]!, plan.steps[index + 1]!];
    if (first.do === 'wait' || second.do === 'wait') continue;
    const steps = [...plan.steps];
    [steps[index], steps[index + 1]] = [second, first];
    yield { words: `steps ${index + 1} and ${index + 2} in any order`, plans: [{ ...plan, steps }] };
  }
}

function withStep(plan: Plan, index: number, step: Step): Plan {
  return { ...plan, steps: plan.steps.map((old, at) => (at === index ? step : old)) };
}

function mapSpecs(plan: Plan, map: (spec: PlanSpec) => PlanSpec): Plan {
  const pods = plan.setup.pods.map((pod) => ({ ...pod, specs: pod.specs.map(map) }));
  return { ...plan, setup: { ...plan.setup, pods } };
}

function inWords(ms: number): string {
  return ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`;
}
