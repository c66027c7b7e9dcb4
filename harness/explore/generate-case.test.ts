import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSchema, type Plan, type PlanContainer } from '../spec/plan.js';
import { fastTimings } from '../spec/timings.js';
import { findRequirement } from '../spec/requirements.js';
import { suites } from '../../suites/index.js';
import { generateCase } from './generate-case.js';
import { elementsOf, without } from './plan-parts.js';
import { planArbitrary } from './plan-arbitrary.js';
import type { GenerateOptions, Suite } from './suite.js';

const sim: GenerateOptions = { sources: ['file', 'http', 'api', 'feed'], profile: 'sim' };
const live: GenerateOptions = { ...sim, profile: 'live' };

function casesOf(suite: Suite, count: number, options = sim): Plan[] {
  return Array.from({ length: count }, (_, index) =>
    generateCase({ suites: [suite], seed: 'distribution', index, options }),
  );
}

/** The share of plans, in percent, for which this holds. */
function percent(plans: readonly Plan[], holds: (plan: Plan) => boolean): number {
  return (100 * plans.filter(holds).length) / plans.length;
}

const suiteNamed = (name: string): Suite => suites.find((suite) => suite.name === name)!;
const has =
  (...kinds: string[]) =>
  (plan: Plan) =>
    plan.steps.some((step) => kinds.includes(step.do));
const hits =
  (...effects: string[]) =>
  (plan: Plan) =>
    plan.faults.some((fault) => effects.includes(fault.effect));

const exitsOf = (plan: Plan): string[] =>
  plan.steps.flatMap((step) => (step.do === 'exitContainer' ? [step.container] : []));
const isFailing = ({ workload }: PlanContainer): boolean => (workload.exitCode ?? 0) !== 0;

describe('the suites', () => {
  it('have distinct kebab-case names and aim at requirements of the catalogue', () => {
    expect(new Set(suites.map((suite) => suite.name)).size).toBe(suites.length);
    for (const suite of suites) {
      expect(suite.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(suite.requirements.filter((id) => findRequirement(id) === undefined)).toEqual([]);
      expect(suite.requirements.length).toBeGreaterThan(0);
    }
  });
});

describe.each(suites.map((suite) => [suite.name, suite] as const))('plans of %s', (_, suite) => {
  it.each([
    ['sim', sim],
    ['live', live],
  ] as const)('are valid, and so is every part of them (%s)', (_profile, options) => {
    const withSubset = planArbitrary(suite, options).chain((plan) =>
      fc.subarray(elementsOf(plan)).map((dropped) => ({ plan, part: without(plan, new Set(dropped)) })),
    );
    fc.assert(
      fc.property(withSubset, ({ plan, part }) => {
        for (const candidate of [plan, part]) {
          expect(planSchema.safeParse({ ...candidate, seed: 's' }).error).toBeUndefined();
        }
        const slots = plan.setup.pods.map((pod) => pod.slot);
        expect(new Set(slots).size).toBe(slots.length);
        expect(new Set(plan.steps.map((step) => step.id)).size).toBe(plan.steps.length);
        for (const step of plan.steps) {
          if ('source' in step) expect(plan.setup.sources).toContain(step.source);
          if ('pod' in step && step.pod !== undefined) expect(slots).toContain(step.pod);
        }
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('have the sources that the suite requires, and only what an API server accepts', () => {
    for (const plan of casesOf(suite, 150)) {
      for (const source of suite.requires ?? []) expect(plan.setup.sources).toContain(source);
      for (const pod of plan.setup.pods) {
        const pushed = plan.steps.some(
          (step) => step.do === 'add' && step.pod === pod.slot && ['api', 'feed'].includes(step.source),
        );
        if (!pushed) continue;
        expect(pod.identity.uid).toBeDefined();
        const immutable = pod.specs.map(({ labels: _l, annotations: _a, ...spec }) =>
          JSON.stringify({ ...spec, containers: spec.containers.map(({ image: _i, ...rest }) => rest) }),
        );
        expect(new Set(immutable).size).toBe(1);
      }
    }
  });
});

describe('generateCase', () => {
  it('depends on suites, seed, index and options only', () => {
    const make = (seed: string, index: number) => generateCase({ suites, seed, index, options: sim });
    const forwards = Array.from({ length: 60 }, (_, index) => make('a', index));
    const backwards = Array.from({ length: 60 }, (_, index) => make('a', 59 - index)).reverse();
    expect(backwards).toEqual(forwards);
    expect(make('b', 0)).not.toEqual(make('a', 0));
    expect(new Set(forwards.map((plan) => JSON.stringify(plan.steps))).size).toBe(60);
    expect(forwards.map((plan) => plan.seed)).toEqual(forwards.map((_, index) => `a/${index}`));
    expect(new Set(forwards.map((plan) => plan.suite)).size).toBe(suites.length);
  });

  it('leaves out suites whose sources are not there, and says so when none is left', () => {
    const options: GenerateOptions = { sources: ['file'], profile: 'sim' };
    const names = Array.from({ length: 40 }, (_, index) =>
      generateCase({ suites, seed: 'a', index, options }),
    ).map((plan) => plan.suite);
    expect(names).toContain('file');
    expect(names).not.toContain('http');
    const http = [suiteNamed('http')];
    expect(() => generateCase({ suites: http, seed: 'a', index: 0, options })).toThrow(
      expect.objectContaining({ code: 'no-suite-fits', exitCode: 64, expected: 'http', got: 'file' }),
    );
  });

  it('leaves out what the agent does not declare', () => {
    const plans = Array.from({ length: 400 }, (_, index) =>
      generateCase({ suites, seed: 'a', index, options: { ...sim, features: [] } }),
    );
    const specs = plans.flatMap((plan) => plan.setup.pods.flatMap((pod) => pod.specs));
    expect(specs.filter((spec) => spec.initContainers !== undefined || spec.hostNetwork)).toEqual([]);
    expect(specs.filter((spec) => spec.restartPolicy !== 'Never')).toEqual([]);
  });
});

describe('the distribution', () => {
  it('has at least 20 steps in mixed plans', () => {
    expect(percent(casesOf(suiteNamed('mixed'), 300), (plan) => plan.steps.length >= 20)).toBeGreaterThan(95);
  });

  it('makes plans as long as a suite asks for', () => {
    const long: Suite = { ...suiteNamed('mixed'), steps: { min: 300, max: 300 }, podsMax: 40 };
    const plans = casesOf(long, 30);
    for (const plan of plans) {
      expect(plan.steps.length).toBeGreaterThanOrEqual(300);
      expect(plan.steps.length).toBeLessThan(320);
    }
    // Few kinds of history add few pods.
    expect(percent(plans, (plan) => plan.setup.pods.length > 10)).toBeGreaterThan(80);
  });

  it.each([
    ['sim', sim],
    ['live', live],
  ] as const)('has init containers that fail, always or when they are made to (%s)', (_profile, options) => {
    const plans = casesOf(suiteNamed('lifecycle'), 400, options);
    const inits = (plan: Plan) =>
      plan.setup.pods.flatMap(({ specs }) =>
        (specs[0]!.initContainers ?? []).filter(({ sidecar }) => !sidecar),
      );
    expect(percent(plans, (plan) => inits(plan).some(isFailing))).toBeGreaterThan(4);
    expect(percent(plans, (plan) => exitsOf(plan).includes('init'))).toBeGreaterThan(8);
    expect(plans.filter((plan) => inits(plan).some(({ name }) => name === 'setup'))).not.toEqual([]);
    for (const { workload } of plans.flatMap(inits)) expect(workload.runMs).toBeGreaterThan(0);
  });

  it('makes siblings and sidecars of the main container exit, and damages them', () => {
    const plans = suites.flatMap((suite) => casesOf(suite, 150));
    for (const name of ['main', 'side', 'helper', 'proxy']) {
      expect(plans.filter((plan) => exitsOf(plan).includes(name)).length, `exit of ${name}`).toBeGreaterThan(
        0,
      );
    }
    const damaged = plans.flatMap(({ steps }) =>
      steps.flatMap((step) => (step.do === 'damage' ? [step.container] : [])),
    );
    expect(damaged).toEqual(expect.arrayContaining([undefined, 'main', 'side', 'helper']));
  });

  it('keeps live plans short', () => {
    const waitedMs = ({ steps }: Plan): number =>
      steps.reduce((sum, step) => sum + (step.do === 'wait' ? step.ms : 0), 0);
    for (const suite of suites) {
      const plans = casesOf(suite, 60, live);
      // Longer are only outages that last until nothing may be put off any longer.
      expect(percent(plans, (plan) => waitedMs(plan) < 5_000)).toBeGreaterThan(80);
      for (const plan of plans) {
        expect(plan.steps.length).toBeLessThanOrEqual(30);
        expect(waitedMs(plan)).toBeLessThan(15_000);
        for (const pod of plan.setup.pods) {
          for (const spec of pod.specs) expect(spec.graceS).toBeLessThanOrEqual(5);
        }
      }
    }
  });

  it('goes at the pace of an agent that cannot be told its periods', () => {
    const timings = { ...fastTimings, backoffMaxMs: 1_000, garbageCollectionMs: 60_000 };
    const options: GenerateOptions = { ...live, timings };
    const plans = suites.flatMap((suite) => casesOf(suite, 60, options));
    const longest = (plan: Plan): number =>
      Math.max(0, ...plan.steps.map((step) => (step.do === 'wait' ? step.ms : 0)));
    const waitedMs = (plan: Plan): number =>
      plan.steps.reduce((sum, step) => sum + (step.do === 'wait' ? step.ms : 0), 0);
    for (const plan of plans) {
      expect(plan.setup.timings).toEqual(timings);
      expect(plan.setup.pods.length).toBeLessThanOrEqual(6);
      // The last snippet may begin just before the limit.
      expect(waitedMs(plan)).toBeLessThan(45_000);
    }
    // Long enough for a pod to start before it is changed.
    expect(percent(plans, (plan) => longest(plan) >= 1_000)).toBeGreaterThan(80);
    // Under brief periods only a crash loop takes so long, up to the reset of its back-off.
    expect(percent(casesOf(suites[0]!, 60, live), (plan) => longest(plan) < 1_000)).toBeGreaterThan(85);
  });

  it('has each kind of step and each effect in some suite, often', () => {
    const best = new Map<string, number>();
    for (const suite of suites) {
      const plans = casesOf(suite, 300);
      const names = new Set(
        plans.flatMap((plan) => [
          ...plan.steps.map((step) => step.do),
          ...plan.faults.map((fault) => fault.effect),
        ]),
      );
      for (const name of names) {
        const share = percent(plans, (plan) => has(name)(plan) || hits(name)(plan));
        best.set(name, Math.max(best.get(name) ?? 0, share));
      }
    }
    const frequent: Record<string, number> = {
      add: 100,
      update: 60,
      remove: 90,
      delete: 50,
      redeliver: 30,
      reformat: 20,
      malformed: 20,
      duplicate: 15,
      rename: 25,
      noise: 40,
      outage: 40,
      watch: 35,
      restartAgent: 80,
      exitContainer: 65,
      damage: 60,
      removeImage: 10,
      runtime: 30,
      wait: 100,
      settle: 10,
      errorBefore: 30,
      errorAfter: 12,
      lostReply: 25,
      hang: 12,
      delay: 20,
      staleList: 20,
      partialList: 8,
      crashBefore: 20,
      crashAfter: 20,
      eventLost: 20,
      eventDoubled: 8,
      status: 15,
      empty: 6,
      oversize: 6,
      halfWritten: 6,
      reset: 8,
      stale: 6,
    };
    const rare = Object.entries(frequent).filter(([name, least]) => (best.get(name) ?? 0) < least);
    expect(rare.map(([name]) => `${name}: ${best.get(name) ?? 0} %`)).toEqual([]);
  });

  it('bends the order in about half of the plans', () => {
    const plans = suites.flatMap((suite) => casesOf(suite, 60));
    const share = percent(plans, (plan) => plan.schedule.length > 0);
    expect(share).toBeGreaterThan(40);
    expect(share).toBeLessThan(60);
  });
});
