import fc from 'fast-check';
import { xoroshiro128plus } from 'pure-rand';
import { ExitCode, HarnessError } from '../core/errors.js';
import { createPrng, seedToInt32 } from '../core/prng.js';
import type { Plan } from '../spec/plan.js';
import { isBrief } from './paces.js';
import { planArbitrary } from './plan-arbitrary.js';
import { suitesFor, type GenerateOptions, type Suite } from './suite.js';
import { inCompany } from './why-alone.js';

/**
 * The plan with this number in the campaign with this seed. It depends on nothing else, so that any worker on
 * any machine can make any plan. Suites take turns; those that these sources cannot run are left out.
 */
export function generateCase(input: {
  readonly suites: readonly Suite[];
  readonly seed: string;
  readonly index: number;
  readonly options: GenerateOptions;
}): Plan {
  const usable = suitesFor(input.suites, input.options);
  if (usable.length === 0) {
    throw new HarnessError({
      code: 'no-suite-fits',
      message: 'None of the chosen suites can be run with the sources that this agent reads.',
      exitCode: ExitCode.usage,
      expected: [...new Set(input.suites.flatMap((suite) => suite.requires ?? []))].join(', '),
      got: input.options.sources.join(', '),
      hint: 'Choose other suites, or declare the source in the agent file.',
    });
  }
  const suite = usable[input.index % usable.length]!;
  const seed = `${input.seed}/${input.index}`;
  const random = new fc.Random(xoroshiro128plus(seedToInt32(`${suite.name}/${seed}`)));
  // Without a bias factor: fast-check's own starts every run with small values, and each case is a first run.
  const plan = { ...arbitraryOf(suite, input.options).generate(random, undefined).value, seed };
  return keepsCompany(suite, { ...input, seed }) ? inCompany(plan) : plan;
}

/** Of so many live plans one may do what needs an agent for itself: such a case costs what many in company cost. */
const aloneOneIn = { brief: 3, slow: 12 };
/** Among the first cases of a campaign it is one of so many, where the suite is hardly about anything else. */
const early = { cases: 100, aloneOneIn: 2 };

/** Whether the plan is to leave out what it could not do in an agent that others share: a swarm flag of live plans. */
function keepsCompany(
  suite: Suite,
  {
    seed,
    index,
    options,
  }: { readonly seed: string; readonly index: number; readonly options: GenerateOptions },
): boolean {
  const { profile, timings, sharesAgent } = options;
  if (profile !== 'live' || sharesAgent !== true) return false;
  const usual = timings === undefined || isBrief(timings) ? aloneOneIn.brief : aloneOneIn.slow;
  // Else a short campaign would hardly show what such suites are for.
  const oneIn = suite.reachesFar === true && index < early.cases ? early.aloneOneIn : usual;
  return createPrng(`${seed}/company`).int(1, oneIn) > 1;
}

const arbitraries = new WeakMap<Suite, Map<string, fc.Arbitrary<Plan>>>();

function arbitraryOf(suite: Suite, options: GenerateOptions): fc.Arbitrary<Plan> {
  const { profile, sources, features, timings } = options;
  const key = `${profile} ${sources.join()} ${features?.join() ?? '*'} ${JSON.stringify(timings)}`;
  let known = arbitraries.get(suite);
  if (known === undefined) arbitraries.set(suite, (known = new Map()));
  let arbitrary = known.get(key);
  if (arbitrary === undefined) known.set(key, (arbitrary = planArbitrary(suite, options)));
  return arbitrary;
}
