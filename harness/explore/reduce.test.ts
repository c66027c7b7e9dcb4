import { describe, expect, it } from 'vitest';
import type { Plan, Step } from '../spec/plan.js';
import { planSchema } from '../spec/plan.js';
import { suites } from '../../suites/index.js';
import { generateCase } from './generate-case.js';
import { elementsOf, without } from './plan-parts.js';
import { reducePlan } from './reduce.js';

const signature = 'TOY-01 · pod';
const sources = ['file', 'http', 'api'] as const;
type Predicate = (plan: Plan) => boolean;

function plansMatching(predicate: Predicate, count: number): Plan[] {
  const options = { sources, profile: 'sim' } as const;
  const found: Plan[] = [];
  for (let index = 0; found.length < count && index < 20_000; index++) {
    const plan = generateCase({ suites, seed: 'toy', index, options });
    if (predicate(plan)) found.push(plan);
  }
  return found;
}

function runner(predicate: Predicate) {
  return (plan: Plan) =>
    Promise.resolve(new Set(predicate(plan) ? [signature, 'OTHER-01 · x'] : ['OTHER-01 · x']));
}

const podOfStep = (step: Step) => ('pod' in step ? step.pod : undefined);

/** Added, at least a second later removed, and added again: three steps of one pod and a wait. */
const readdAfterASecond: Predicate = ({ steps }) =>
  steps.some((add, start) => {
    if (add.do !== 'add') return false;
    let [waitedMs, removed] = [0, false];
    for (const step of steps.slice(start + 1)) {
      if (step.do === 'wait' && !removed) waitedMs += step.ms;
      if (step.do === 'remove' && step.pod === add.pod && waitedMs >= 1_000) removed = true;
      if (step.do === 'add' && step.pod === add.pod && removed) return true;
    }
    return false;
  });

/** A fault on a pod's call and a restart after that pod was added. */
const faultAndRestart: Predicate = ({ steps, faults }) =>
  faults.some(
    ({ at, effect }) =>
      effect === 'lostReply' &&
      'call' in at &&
      steps.some(
        (step, index) =>
          step.do === 'add' &&
          podOfStep(step) === at.pod &&
          steps.slice(index).some((later) => later.do === 'restartAgent'),
      ),
  );

/** Balanced outages beside an edit: without only the beginning, or only the end, the plan passes. */
const balancedOutages: Predicate = ({ steps }) => {
  const count = (phase: string) =>
    steps.filter((step) => step.do === 'outage' && step.phase === phase).length;
  return steps.some((step) => step.do === 'update') && count('begin') === count('end');
};
const hasOutage: Predicate = (plan) =>
  plan.steps.some((step) => step.do === 'outage') && balancedOutages(plan);

const toys = [
  { name: 'a pod added again', predicate: readdAfterASecond, optimum: 4 },
  { name: 'a fault and a restart', predicate: faultAndRestart, optimum: 3 },
  { name: 'balanced outages', predicate: balancedOutages, start: hasOutage, optimum: 1 },
];

describe('reducePlan', () => {
  it.each(toys)('reaches the optimum with few executions: $name', async ({ predicate, start, optimum }) => {
    const plans = plansMatching(start ?? predicate, 25);
    expect(plans).toHaveLength(25);
    const executions: number[] = [];
    for (const plan of plans) {
      const reduction = await reducePlan({ plan, sources, signature, run: runner(predicate), budget: 2_000 });
      executions.push(reduction.executions);
      expect(predicate(reduction.plan)).toBe(true);
      expect(elementsOf(reduction.plan)).toHaveLength(optimum);
      expect(reduction.certified).toBe(true);
      for (const element of elementsOf(reduction.plan)) {
        expect(predicate(without(reduction.plan, new Set([element])))).toBe(false);
      }
      expect(planSchema.safeParse(reduction.plan).error).toBeUndefined();
      expect(reduction.plan.setup.pods.map((pod) => pod.slot)).toEqual(
        reduction.plan.setup.pods.map((_, index) => index),
      );
    }
    executions.sort((left, right) => left - right);
    expect(executions[12]).toBeLessThanOrEqual(65);
    expect(executions.at(-1)).toBeLessThanOrEqual(90);
  });

  it('shortens what it keeps, and says what does not matter', async () => {
    const [plan] = plansMatching(readdAfterASecond, 1);
    const reduction = await reducePlan({
      plan: plan!,
      sources,
      signature,
      run: runner(readdAfterASecond),
      budget: 2_000,
    });
    expect(reduction.plan.steps.map((step) => step.do)).toEqual(['add', 'wait', 'remove', 'add']);
    expect(reduction.plan.steps[1]).toMatchObject({ ms: 1_000 });
    expect(reduction.plan.steps[0]).not.toHaveProperty('form');
    expect(reduction.plan.setup.pods[0]!.identity.name).toBe('web');
    expect(reduction.irrelevant).toEqual(
      expect.arrayContaining(['any image', 'any restart policy', 'any wait ≥ 1 s at step 2']),
    );
    expect(reduction.irrelevant.filter((words) => words.includes('any order'))).toEqual([]);
  });

  it('tries no source that the agent does not have', async () => {
    const [plan] = plansMatching(readdAfterASecond, 1);
    const tried = new Set<string>();
    const reduction = await reducePlan({
      plan: plan!,
      sources,
      signature,
      run(candidate) {
        for (const source of candidate.setup.sources) tried.add(source);
        return runner(readdAfterASecond)(candidate);
      },
      budget: 2_000,
    });
    expect([...tried].toSorted()).toEqual(['api', 'file', 'http']);
    expect(reduction.irrelevant.filter((words) => words.startsWith('also with'))).toHaveLength(2);
  });

  it('makes init containers succeed and `main` exit where that will do', async () => {
    const hasInit = ({ setup }: Plan): boolean =>
      setup.pods.some(({ specs }) => specs[0]!.initContainers?.some(({ sidecar }) => sidecar !== true));
    const exits = (plan: Plan): boolean =>
      hasInit(plan) && plan.steps.some((step) => step.do === 'exitContainer');
    const isMeant = (plan: Plan): boolean =>
      exits(plan) &&
      plan.steps.every((step) => step.do !== 'exitContainer' || step.container === 'init') &&
      plan.setup.pods.some(({ specs }) => (specs[0]!.initContainers?.[0]?.workload.exitCode ?? 0) !== 0);
    const [plan] = plansMatching(isMeant, 1);
    const reduction = await reducePlan({
      plan: plan!,
      sources,
      signature,
      run: runner(exits),
      budget: 2_000,
    });
    expect(reduction.plan.steps).toEqual([expect.objectContaining({ container: 'main', code: 1 })]);
    for (const { specs } of reduction.plan.setup.pods) {
      const { initContainers = [] } = specs[0]!;
      expect(initContainers.map(({ workload }) => workload.exitCode ?? 0)).toEqual(
        initContainers.map(() => 0),
      );
    }
  });

  it('does not slip to another signature', async () => {
    const [plan] = plansMatching(faultAndRestart, 1);
    // Any plan with an `add` fails with another signature; that must not count.
    const reduction = await reducePlan({
      plan: plan!,
      sources,
      signature,
      run: (candidate) => Promise.resolve(new Set([faultAndRestart(candidate) ? signature : 'TOY-02 · pod'])),
      budget: 2_000,
    });
    expect(faultAndRestart(reduction.plan)).toBe(true);
  });

  it('keeps within its budget and does not certify what it could not check', async () => {
    const [plan] = plansMatching(readdAfterASecond, 1);
    let runs = 0;
    const reduction = await reducePlan({
      plan: plan!,
      sources,
      signature,
      run: (candidate) => {
        runs++;
        return runner(readdAfterASecond)(candidate);
      },
      budget: 7,
    });
    expect(runs).toBe(7);
    expect(reduction).toMatchObject({ executions: 7, certified: false });
    expect(readdAfterASecond(reduction.plan)).toBe(true);
  });

  it('does not certify a plan that passes when it is run again', async () => {
    const [plan] = plansMatching(readdAfterASecond, 1);
    const reduction = await reducePlan({
      plan: plan!,
      sources,
      signature,
      run: () => Promise.resolve(new Set<string>()),
      budget: 500,
    });
    expect(reduction.certified).toBe(false);
  });

  it('goes on past candidates that could not be tried, and certifies only what was', async () => {
    const [plan] = plansMatching(readdAfterASecond, 1);
    const run = runner(readdAfterASecond);
    const reduce = (isTried: (nth: number) => boolean) => {
      let asked = 0;
      return reducePlan({
        plan: plan!,
        sources,
        signature,
        run: (candidate) => (isTried(asked++) ? run(candidate) : Promise.resolve(undefined)),
        budget: 5_000,
      });
    };
    const whole = await reduce(() => true);
    const once = await reduce((nth) => nth !== 3);
    expect({ plan: once.plan, certified: once.certified }).toEqual({ plan: whole.plan, certified: true });
    const never = await reduce((nth) => nth < 30);
    expect(never.certified).toBe(false);
  });

  it.each([2, 5, 16])(
    'comes to the same with %i candidates at once, in whatever order they end',
    async (width) => {
      for (const predicate of [readdAfterASecond, faultAndRestart, balancedOutages]) {
        for (const plan of plansMatching(predicate, 3)) {
          const run = runner(predicate);
          let atOnce = 0;
          let atOnceMost = 0;
          const unordered = async (candidate: Plan) => {
            atOnceMost = Math.max(atOnceMost, ++atOnce);
            for (let turns = JSON.stringify(candidate).length % 7; turns > 0; turns--)
              await Promise.resolve();
            atOnce--;
            return run(candidate);
          };
          const alone = await reducePlan({ plan, sources, signature, run, budget: 5_000 });
          const together = await reducePlan({
            plan,
            sources,
            signature,
            run: unordered,
            budget: 5_000,
            width,
          });
          expect({ ...together, executions: 0 }).toEqual({ ...alone, executions: 0 });
          expect(together.executions).toBeGreaterThanOrEqual(alone.executions);
          expect(atOnceMost).toBeGreaterThan(1);
        }
      }
    },
  );

  it('ends when its time is over, with the smallest plan so far and without a certificate', async () => {
    const [plan] = plansMatching(readdAfterASecond, 1);
    let asked = 0;
    const isOver = () => ++asked > 6;
    const run = runner(readdAfterASecond);
    const reduction = await reducePlan({ plan: plan!, sources, signature, run, budget: 5_000, isOver });
    expect(reduction.certified).toBe(false);
    expect(reduction.executions).toBe(6);
    expect(readdAfterASecond(reduction.plan)).toBe(true);
  });
});
