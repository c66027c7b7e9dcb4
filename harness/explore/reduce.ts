import type { Plan } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';
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
import { createProbe, type Probe, type ProbeOptions } from './probe.js';
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

/** What is reduced and how. */
export interface ReductionInput extends ProbeOptions {
  readonly plan: Plan;
  /** The sources that the agent has: those of the plan may be exchanged for others of them. */
  readonly sources: readonly SourceKind[];
}

/** Passes are repeated until none helps; each helpful round makes the plan smaller, so few are ever needed. */
const roundsMax = 12;

/**
 * Makes a failing plan small: whole kinds of things first, then steps, faults and deviations one by one, pairs,
 * and at last their details. A candidate counts only if it fails with the same signature. `budget` is the most
 * executions; when it is used up the smallest plan so far is returned, not certified. What comes out does not depend on
 * how many candidates are tried at once, as long as the budget lasts.
 */
export async function reducePlan(input: ReductionInput): Promise<Reduction> {
  const probe = createProbe(input);
  let plan = await firstOf(probe, [tidy(input.plan)], input.plan);
  plan = await dropInBulk(probe, plan, input.width ?? 1);
  for (let round = 0; round < roundsMax && !probe.exhausted; round++) {
    const before = plan;
    plan = await dropElements(probe, plan);
    plan = await dropPairs(probe, plan);
    if (plan !== before && round === 0) plan = await dropElements(probe, plan);
    plan = await simplify(probe, plan);
    if (plan === before) break;
  }
  const certified = await isMinimal(probe, plan);
  const irrelevant = certified ? await explainPlan(probe, plan, input.sources) : [];
  return { plan, executions: probe.executions, certified, irrelevant };
}

/** Large cuts that often succeed at once: all faults, all deviations, the tail, whole sources, whole pods. */
async function dropInBulk(probe: Probe, start: Plan, width: number): Promise<Plan> {
  let plan = start;
  const calm = tidy({ ...plan, faults: [], schedule: [] });
  const unscheduled = tidy({ ...plan, schedule: [] });
  const faultless = tidy({ ...plan, faults: [] });
  plan = await firstOf(probe, [calm, unscheduled, faultless], plan);
  plan = await dropTail(probe, plan, width);
  plan = await dropEach(probe, plan, plan.setup.sources, (current, source) =>
    current.setup.sources.length > 1 ? withoutSource(current, source) : undefined,
  );
  const slots = plan.setup.pods.map(({ slot }) => slot);
  return dropEach(probe, plan, slots, withoutPod);
}

/** Leaves out one item after the other, each from what the last that could be left out has left. */
async function dropEach<Item>(
  probe: Probe,
  start: Plan,
  items: readonly Item[],
  withoutItem: (plan: Plan, item: Item) => Plan | undefined,
): Promise<Plan> {
  let plan = start;
  for (let next = 0; next < items.length;) {
    const places: number[] = [];
    const candidates = function* (): Iterable<Plan> {
      for (let place = next; place < items.length; place++) {
        const candidate = withoutItem(plan, items[place]!);
        if (candidate === undefined) continue;
        places.push(place);
        yield candidate;
      }
    };
    const found = await probe.firstFailing(candidates());
    if (found === undefined) return plan;
    plan = found.plan;
    next = places[found.index]! + 1;
  }
  return plan;
}

/** The shortest failing beginning, found by halving; exact when longer beginnings fail too. */
async function dropTail(probe: Probe, plan: Plan, width: number): Promise<Plan> {
  const beginning = (length: number): Plan => tidy({ ...plan, steps: plan.steps.slice(0, length) });
  let best = plan;
  let low = 0;
  let high = plan.steps.length;
  while (low < high - 1) {
    probe.foresee(middlesBetween(low, high, width).map(beginning));
    const middle = (low + high) >> 1;
    const candidate = beginning(middle);
    if (await probe.fails(candidate)) {
      best = candidate;
      high = middle;
    } else {
      low = middle;
    }
  }
  return best;
}

/** The lengths that halving comes to next, whatever the answers are, those that it asks for first in front. */
function middlesBetween(low: number, high: number, count: number): number[] {
  const middles: number[] = [];
  const ranges: [low: number, high: number][] = [[low, high]];
  for (let range = ranges.shift(); range !== undefined && middles.length < count; range = ranges.shift()) {
    const [from, to] = range;
    if (from >= to - 1) continue;
    const middle = (from + to) >> 1;
    middles.push(middle);
    ranges.push([from, middle], [middle, to]);
  }
  return middles;
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
    const before = plan;
    plan = await dropChunksOf(probe, plan, size, elements);
    if (plan === before || size > 1) {
      if (size === 1) break;
      size = Math.floor(size / 2);
    }
  }
  return plan;
}

/** One pass from the end, for what comes last is the least likely to be needed. */
async function dropChunksOf(
  probe: Probe,
  start: Plan,
  size: number,
  elements: (plan: Plan) => readonly PlanElement[],
): Promise<Plan> {
  let plan = start;
  for (let end = elements(plan).length; end > 0 && !probe.exhausted;) {
    const ends: number[] = [];
    const candidates = function* (): Iterable<Plan> {
      const current = elements(plan);
      for (let last = end; last > 0; last -= size) {
        if (last > current.length) continue;
        ends.push(last);
        yield without(plan, new Set(current.slice(Math.max(0, last - size), last)));
      }
    };
    const found = await probe.firstFailing(candidates());
    if (found === undefined) break;
    plan = found.plan;
    end = ends[found.index]! - size;
  }
  return plan;
}

/** Two things that only make sense together: an addition and its removal, a beginning and its end. */
async function dropPairs(probe: Probe, start: Plan): Promise<Plan> {
  let plan = start;
  while (!probe.exhausted) {
    const found = await probe.firstFailing(withoutPairs(plan));
    if (found === undefined) break;
    plan = found.plan;
  }
  return plan;
}

function* withoutPairs(plan: Plan): Iterable<Plan> {
  const elements = elementsOf(plan);
  for (const [index, first] of elements.entries()) {
    for (const second of elements.slice(index + 1))
      if (areRelated(first, second)) yield without(plan, new Set([first, second]));
  }
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
  const others = function* (): Iterable<Plan> {
    for (const candidate of candidates) if (candidate !== otherwise) yield candidate;
  };
  return (await probe.firstFailing(others()))?.plan ?? otherwise;
}

/** Runs the plan without each single element once more; most answers are known by now. */
async function isMinimal(probe: Probe, plan: Plan): Promise<boolean> {
  if (!(await probe.fails(plan))) return false;
  const smaller = elementsOf(plan).map((element) => without(plan, new Set([element])));
  const untriedBefore = probe.untried;
  const failing = await probe.firstFailing(smaller);
  return failing === undefined && !probe.exhausted && probe.untried === untriedBefore;
}
