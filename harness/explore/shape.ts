import fc from 'fast-check';
import { faultEffects } from './effects.js';
import { schedulerKinds, type SchedulerKind } from './schedule.js';
import {
  defaultTimings,
  sourcesOf,
  timingKinds,
  type GenerateOptions,
  type PatternName,
  type Suite,
  type TimingKind,
} from './suite.js';
import type { FaultEffect, Step } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';

/** The outline of a plan: which means it may use. The details are drawn from `detailSeed`. */
export interface Shape {
  readonly sources: readonly SourceKind[];
  readonly timings: TimingKind | 'live';
  /** In the order in which they are played. */
  readonly patterns: readonly PatternName[];
  /** Swarm flags: what this plan does without. All-on plans alone find less. */
  readonly without: ReadonlySet<Step['do'] | FaultEffect>;
  readonly stepCount: number;
  readonly scheduler: SchedulerKind | 'none';
  readonly detailSeed: number;
}

/** Kinds of step that a plan can do without and still say something. */
const optionalSteps: readonly Step['do'][] = [
  'redeliver',
  'reformat',
  'malformed',
  'duplicate',
  'rename',
  'noise',
  'outage',
  'watch',
  'restartAgent',
  'exitContainer',
  'damage',
  'removeImage',
  'runtime',
  'delete',
];

const maxPatterns = 40;

/** Outlines of plans of a suite. */
export function shapeArbitrary(suite: Suite, options: GenerateOptions): fc.Arbitrary<Shape> {
  const required = suite.requires ?? [];
  const others = sourcesOf(suite, options).filter((source) => !required.includes(source));
  const patterns = weightedNames(suite.patterns);
  const steps = options.profile === 'live' ? { min: 7, max: 12 } : (suite.steps ?? { min: 12, max: 24 });
  return fc
    .record({
      required: fc.constant(required),
      others: fc.subarray(others, {
        minLength: required.length > 0 ? 0 : 1,
        // Every source costs readiness and time: two or three at once show all there is to see.
        maxLength: Math.min(others.length, Math.max(1, 3 - required.length)),
      }),
      timings:
        options.profile === 'live'
          ? fc.constant('live' as const)
          : weighted<TimingKind>(suite.timings ?? defaultTimings, timingKinds),
      favourites: fc.uniqueArray(fc.constantFrom(...patterns), {
        minLength: Math.min(3, new Set(patterns).size),
        maxLength: Math.min(7, new Set(patterns).size),
      }),
      order: fc.array(fc.nat(0xffff), { minLength: maxPatterns, maxLength: maxPatterns }),
      stepsOff: fc.subarray([...optionalSteps], { maxLength: 4 }),
      effectsOff: fc.subarray([...faultEffects], { maxLength: 6 }),
      allOn: fc.nat(3).map((value) => value === 0),
      stepCount: fc.integer(steps),
      scheduler: weighted<SchedulerKind | 'none'>({ none: 50, uniform: 17, priority: 20, starvation: 13 }, [
        'none',
        ...schedulerKinds,
      ]),
      detailSeed: fc.integer(),
    })
    .map((drawn): Shape => {
      const allowed = patterns.filter((name) => drawn.favourites.includes(name));
      return {
        sources: [...drawn.required, ...drawn.others],
        timings: drawn.timings,
        patterns: drawn.order.map((value) => allowed[value % allowed.length]!),
        without: new Set([
          ...(drawn.allOn ? [] : [...drawn.stepsOff, ...drawn.effectsOff]),
          ...(suite.without ?? []),
        ]),
        stepCount: drawn.stepCount,
        scheduler: drawn.scheduler,
        detailSeed: drawn.detailSeed,
      };
    });
}

/** Each name as often as its weight says, so that a uniform pick is a weighted one. */
function weightedNames<Name extends string>(weights: Readonly<Partial<Record<Name, number>>>): Name[] {
  return (Object.entries(weights) as [Name, number][]).flatMap(([name, weight]) =>
    Array.from({ length: weight }, () => name),
  );
}

function weighted<Name extends string>(
  weights: Readonly<Partial<Record<Name, number>>>,
  names: readonly Name[],
): fc.Arbitrary<Name> {
  const present = names.filter((name) => (weights[name] ?? 0) > 0);
  return fc.constantFrom(...present.flatMap((name) => Array.from({ length: weights[name]! }, () => name)));
}
