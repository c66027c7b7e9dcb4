import type { Plan } from '../spec/plan.js';
import { explainPlan } from './explain.js';
import {
  elementsOf,
  slotOf,
  slotOfDeviation,
  slotOfFault,
  sourceOf,
  tidy,
  without,
  withoutPod,
  withoutSource,
  type PlanElement,
} from './plan-parts.js';
import { createProbe, type Probe } from './probe.js';
import { simplifications } from './simplify.js';

/** What a reduction came to. */
export interface Reduction {
  /** The smallest plan found that fails with the signature. */
  readonly plan: Plan;
  readonly executions: number;
  /** True: without any one of its elements the plan was run and passed (1-minimal). */
  readonly certified: boolean;
  /** Which details do not matter, in words: `any image`. */
  readonly irrelevant: readonly string[];
}

/** Passes are repeated until none helps; each helpful round makes the plan smaller, so few are ever needed. */
const roundsMax = 12;

/**
 * Makes a failing plan small: whole kinds of things first, then steps, faults and deviations one by one, pairs,
 * and at last their details. A candidate counts only if it fails with the same signature. `budget` is the most
 * executions; when it is used up the smallest plan so far is returned, not certified.
 */
export async function reducePlan(input: {
  readonly plan: Plan;
  readonly signature: string;
  readonly run: (plan: Plan) => Promise<ReadonlySet<string>>;
  readonly budget: number;
}): Promise<Reduction> {
  const probe = createProbe(input);
  let plan = await firstOf(probe, [tidy(input.plan)], input.plan);
  plan = await dropInBulk(probe, plan);
  for (let round = 0; round < roundsMax && !probe.exhausted; round++) {
    const before = plan;
    plan = await dropElements(probe, plan);
    plan = await dropPairs(probe, plan);
    if (plan !== before && round === 0) plan = await dropElements(probe, plan);
    plan = await simplify(probe, plan);
    if (plan === before) break;
  }
  const certified = await isMinimal(probe, plan);
  const irrelevant = certified ? await explainPlan(probe, plan) : [];
  return { plan, executions: probe.executions, certified, irrelevant };
}

/** Large cuts that often succeed at once: all faults, all deviations, the tail, whole sources, whole pods. */
async function dropInBulk(probe: Probe, start: Plan): Promise<Plan> {
  let plan = start;
  const calm = tidy({ ...plan, faults: [], schedule: [] });
  const unscheduled = tidy({ ...plan, schedule: [] });
  const faultless = tidy({ ...plan, faults: [] });
  plan = await firstOf(probe, [calm, unscheduled, faultless], plan);
  plan = await dropTail(probe, plan);
  for (const source of plan.setup.sources) {
    if (plan.setup.sources.length > 1) plan = await firstOf(probe, [withoutSource(plan, source)], plan);
  }
  for (const { slot } of plan.setup.pods) plan = await firstOf(probe, [withoutPod(plan, slot)], plan);
  return plan;
}

/** The shortest failing beginning, found by halving; exact when longer beginnings fail too. */
async function dropTail(probe: Probe, plan: Plan): Promise<Plan> {
  let best = plan;
  let low = 0;
  let high = plan.steps.length;
  while (low < high - 1) {
    const middle = (low + high) >> 1;
    const candidate = tidy({ ...plan, steps: plan.steps.slice(0, middle) });
    if (await probe.fails(candidate)) {
      best = candidate;
      high = middle;
    } else {
      low = middle;
    }
  }
  return best;
}

/** Delta debugging over steps, then faults, then deviations. */
async function dropElements(probe: Probe, start: Plan): Promise<Plan> {
  let plan = await dropChunks(probe, start, (candidate) => candidate.steps);
  plan = await dropChunks(probe, plan, (candidate) => candidate.faults);
  return dropChunks(probe, plan, (candidate) => candidate.schedule);
}

/** Takes out runs of elements, long ones first, until no single one can go. */
async function dropChunks(
  probe: Probe,
  start: Plan,
  elements: (plan: Plan) => readonly PlanElement[],
): Promise<Plan> {
  let plan = start;
  let size = Math.ceil(elements(plan).length / 2);
  while (size >= 1) {
    let dropped = false;
    // From the end: what comes last is the least likely to be needed.
    for (let end = elements(plan).length; end > 0 && !probe.exhausted; end -= size) {
      const current = elements(plan);
      if (end > current.length) continue;
      const candidate = without(plan, new Set(current.slice(Math.max(0, end - size), end)));
      if (await probe.fails(candidate)) {
        plan = candidate;
        dropped = true;
      }
    }
    if (!dropped || size > 1) {
      if (size === 1) break;
      size = Math.floor(size / 2);
    }
  }
  return plan;
}

/** Two things that only make sense together: an addition and its removal, a beginning and its end. */
async function dropPairs(probe: Probe, start: Plan): Promise<Plan> {
  let plan = start;
  for (let index = 0; index < elementsOf(plan).length && !probe.exhausted; index++) {
    const elements = elementsOf(plan);
    const first = elements[index]!;
    for (const second of elements.slice(index + 1)) {
      if (!areRelated(first, second)) continue;
      const candidate = without(plan, new Set([first, second]));
      if (await probe.fails(candidate)) {
        plan = candidate;
        index = -1;
        break;
      }
    }
  }
  return plan;
}

function areRelated(first: PlanElement, second: PlanElement): boolean {
  const slot = slotOfElement(first);
  if (slot !== undefined && slot === slotOfElement(second)) return true;
  if (!('do' in first) || !('do' in second)) return false;
  return first.do === second.do && first.do !== 'wait' && sourceOf(first) === sourceOf(second);
}

function slotOfElement(element: PlanElement): number | undefined {
  if ('do' in element) return slotOf(element);
  return 'at' in element ? slotOfFault(element) : slotOfDeviation(element);
}

/** Simpler details, bold changes first. */
async function simplify(probe: Probe, start: Plan): Promise<Plan> {
  let plan = start;
  for (const candidatesOf of simplifications) {
    // A simplification is asked again for as long as it helps, since the plan it works on has changed.
    for (let turn = 0; turn < 64 && !probe.exhausted; turn++) {
      const next = await firstOf(probe, candidatesOf(plan), plan);
      if (next === plan) break;
      plan = next;
    }
  }
  return plan;
}

async function firstOf(probe: Probe, candidates: Iterable<Plan>, otherwise: Plan): Promise<Plan> {
  for (const candidate of candidates) {
    if (candidate !== otherwise && (await probe.fails(candidate))) return candidate;
  }
  return otherwise;
}

/** Runs the plan without each single element once more; most answers are known by now. */
async function isMinimal(probe: Probe, plan: Plan): Promise<boolean> {
  if (!(await probe.fails(plan))) return false;
  for (const element of elementsOf(plan)) {
    if ((await probe.fails(without(plan, new Set([element])))) || probe.exhausted) return false;
  }
  return true;
}
