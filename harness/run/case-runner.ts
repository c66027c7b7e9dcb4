import { generateCase } from '../explore/generate-case.js';
import { reducePlan, type Reduction } from '../explore/reduce.js';
import type { GenerateOptions, Suite } from '../explore/suite.js';
import { ExitCode, HarnessError } from '../core/errors.js';
import { sha256, canonicalJson } from '../core/hash.js';
import type { Plan } from '../spec/plan.js';
import { signatureOf, type Finding } from '../spec/verdict.js';
import { hashTrace } from '../trace/codec.js';
import type { TraceEvent } from '../trace/events.js';
import type { CheckedPlan } from './check-plan.js';
import { abstractStates } from './abstract-states.js';
import { addVerdicts, type Tally } from './tally.js';

/**
 * Executes a plan and judges it. With `until`, the execution may end as soon as it has failed with that signature:
 * where nothing but that is asked, what an agent does afterwards is not worth waiting for.
 */
export type CheckPlan = (plan: Plan, until?: string) => Promise<CheckedPlan>;

/** What cases are made of and how they are executed. */
export interface CaseRunnerOptions {
  readonly check: CheckPlan;
  /** The same with an agent for itself, where `check` may give it company. */
  readonly checkAlone?: CheckPlan;
  /** Runtimes other than the campaign's in which a final case is tried too, and how. */
  readonly elsewhere?: ReadonlyMap<string, CheckPlan>;
  /** Repeats run side by side: they wait far more than they work. */
  readonly repeatsAtOnce?: boolean;
  readonly suites: readonly Suite[];
  readonly seed: string;
  readonly generate: GenerateOptions;
  /** A reduction gives up after so many executions and says that its result is not certified. */
  readonly reduceExecutionsMax: number;
  /** A reduction that takes longer than this, in milliseconds, ends with what it has. Absent: it takes what it needs. */
  readonly reduceMsMax?: number;
  /** How many candidates of a reduction are tried at once. Default 1. */
  readonly reduceWidth?: number;
  /** How often a failing plan is executed again before it is shrunk, and the final plan after: once in sim, more in live. */
  readonly repeats: number;
  /** Does the work while nothing else of the campaign runs. */
  readonly alone?: <Value>(work: () => Promise<Value>) => Promise<Value>;
  /** What was seen of failing plans: against a real process it may not be seen again. Shared by runners. */
  readonly seen?: WeakMap<Plan, CheckedPlan>;
}

/** A case that failed: its number, its plan, and one finding for each signature. */
export interface FailedCase {
  readonly index: number;
  readonly plan: Plan;
  readonly findings: readonly Finding[];
}

/** What a run of consecutive cases came to. */
export interface BatchResult {
  readonly cases: number;
  readonly effectiveSteps: number;
  readonly simulatedMs: number;
  readonly events: number;
  readonly tally: Tally;
  readonly failed: readonly FailedCase[];
  /** Plans that reached what none before them in this runner had. */
  readonly reached: readonly ReachedStates[];
  /** Cases that were cut short because the agent made too many calls. */
  readonly floods: number;
}

/** A passing plan and the abstract states that it reached. */
export interface ReachedStates {
  readonly plan: Plan;
  readonly states: readonly string[];
}

/** A failing plan after reduction, with what its report needs. */
export interface ReducedCase {
  readonly plan: Plan;
  readonly finding: Finding;
  readonly executions: number;
  readonly minimal: boolean;
  readonly irrelevant: readonly string[];
  readonly trace: readonly TraceEvent[];
  readonly traceHash: string;
  /** How often the final plan failed with the signature when it was executed again, alone. */
  readonly failed: number;
  readonly tried: number;
  /** The same beside other plans, when it failed there and never alone. */
  readonly company?: Tries;
  /** The same with other runtimes. */
  readonly elsewhere?: readonly (Tries & { readonly runtime: string })[];
}

/** How often something failed. */
export interface Tries {
  readonly failed: number;
  readonly tried: number;
}

/** Runs and reduces cases in this thread. */
export interface CaseRunner {
  runBatch(first: number, count: number): Promise<BatchResult>;
  runPlans(plans: readonly Plan[]): Promise<BatchResult>;
  /** `found` is the finding to keep to; it is reported itself if it never shows again. */
  reduce(plan: Plan, found: Finding, shrink: boolean): Promise<ReducedCase>;
  /** As `reduce`, but with what is known already, or one execution: for when there is no time left. */
  asSeen(plan: Plan, found: Finding): Promise<ReducedCase>;
  /** Whether two executions of the plan give the same trace; otherwise the agent has hidden inputs. */
  isDeterministic(index: number): Promise<boolean>;
}

export function createCaseRunner(options: CaseRunnerOptions): CaseRunner {
  const { check, checkAlone = check } = options;
  const alone = options.alone ?? ((work) => work());
  const executed = options.seen ?? new WeakMap<Plan, CheckedPlan>();
  const known = new Set<string>();
  const generate = (index: number): Plan =>
    generateCase({ suites: options.suites, seed: options.seed, index, options: options.generate });

  async function runPlans(plans: Iterable<readonly [index: number, plan: Plan]>): Promise<BatchResult> {
    const tally: Tally = {};
    const failed: FailedCase[] = [];
    const reached: ReachedStates[] = [];
    const sum = { cases: 0, effectiveSteps: 0, simulatedMs: 0, events: 0, floods: 0 };
    for (const [index, plan] of plans) {
      const { outcome, judgement, findings } = await check(plan);
      sum.cases++;
      sum.effectiveSteps += outcome.effectiveSteps;
      sum.simulatedMs += outcome.durationMs;
      sum.events += outcome.events.length;
      const last = outcome.events.at(-1);
      if (last?.kind === 'run.ended' && last.outcome === 'limit') sum.floods++;
      addVerdicts(tally, judgement.verdicts);
      if (findings.length > 0) executed.set(plan, { outcome, judgement, findings });
      if (findings.length > 0) failed.push({ index, plan, findings: onePerSignature(findings) });
      else noteStates(plan, abstractStates(plan, judgement.verdicts, outcome.events), reached);
    }
    return { ...sum, tally, failed, reached };
  }

  /** Executes the plan again as often as is asked for. The first that fails is seen to its end, for its trace. */
  async function repeat(
    execute: (until?: string) => Promise<CheckedPlan>,
    signature: string,
  ): Promise<Tries & { shown: CheckedPlan }> {
    const checked: CheckedPlan[] = [];
    const failing = (): CheckedPlan[] => checked.filter((one) => fails(one, signature));
    if (options.repeatsAtOnce === true) {
      const others = Array.from({ length: options.repeats - 1 }, () => execute(signature));
      checked.push(...(await Promise.all([execute(), ...others])));
    } else {
      while (checked.length < options.repeats)
        checked.push(await execute(failing().length > 0 ? signature : undefined));
    }
    return { failed: failing().length, tried: checked.length, shown: failing()[0] ?? checked[0]! };
  }

  /** With an agent for itself and, as far as the harness goes, the machine too. */
  function confirm(plan: Plan, signature: string): Promise<Tries & { shown: CheckedPlan }> {
    return alone(() => repeat((until) => checkAlone(plan, until), signature));
  }

  /** Copies of the plan are as good a company as any, beside whatever else runs. */
  async function tryInCompany(plan: Plan, signature: string): Promise<Tries> {
    const checked = await Promise.all(
      Array.from({ length: 2 * options.repeats }, () => check(plan, signature)),
    );
    return { failed: checked.filter((one) => fails(one, signature)).length, tried: checked.length };
  }

  async function tryElsewhere(plan: Plan, signature: string): Promise<NonNullable<ReducedCase['elsewhere']>> {
    const tries: (Tries & { runtime: string })[] = [];
    for (const [runtime, execute] of options.elsewhere ?? []) {
      const { failed, tried } = await alone(() => repeat((until) => execute(plan, until), signature));
      tries.push({ runtime, failed, tried });
    }
    return tries;
  }

  /** Undefined when the agent did not come up, twice: one of many starts may fail for want of something. */
  async function tryCandidate(candidate: Plan, signature: string): Promise<CheckedPlan | undefined> {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        return await check(candidate, signature);
      } catch (error) {
        if (!(error instanceof HarnessError) || error.exitCode !== ExitCode.unavailable) throw error;
      }
    }
    return undefined;
  }

  /** A plan that fails now and then is tried until it would have failed in most cases. */
  function shrink(plan: Plan, signature: string, { failed, tried }: Tries): Promise<Reduction> {
    const attempts = failed >= tried ? 1 : attemptsFor(failed / tried);
    const startedMs = performance.now();
    return reducePlan({
      plan,
      signature,
      sources: options.generate.sources,
      async run(candidate) {
        const checked = await Promise.all(
          Array.from({ length: attempts }, () => tryCandidate(candidate, signature)),
        );
        if (checked.includes(undefined)) return undefined;
        return new Set(checked.flatMap((one) => one!.findings.map(signatureOf)));
      },
      budget: options.reduceExecutionsMax,
      width: options.reduceWidth,
      isOver: () => performance.now() - startedMs >= (options.reduceMsMax ?? Infinity),
    });
  }

  function noteStates(plan: Plan, states: ReadonlySet<string>, reached: ReachedStates[]): void {
    const fresh = [...states].filter((state) => !known.has(state));
    if (fresh.length === 0) return;
    for (const state of fresh) known.add(state);
    reached.push({ plan, states: fresh });
  }

  return {
    runBatch(first, count) {
      return runPlans(
        Array.from({ length: count }, (_, offset) => [first + offset, generate(first + offset)] as const),
      );
    },
    runPlans: (plans) => runPlans(plans.map((plan, index) => [index, plan] as const)),
    async reduce(plan, found, isShrunk) {
      const signature = signatureOf(found);
      const first = executed.get(plan);
      let original: Awaited<ReturnType<typeof confirm>> | undefined;
      if (options.repeats > 1) {
        original = await confirm(plan, signature);
        // There is nothing to shrink, and the trace that showed it is all there is.
        if (original.failed === 0) {
          const seen = { ...withTrace(unseen(plan, found), first), tried: original.tried };
          return hadCompany(first) ? { ...seen, company: await tryInCompany(plan, signature) } : seen;
        }
      }
      let reduced: Reduction = { plan, executions: 0, certified: false, irrelevant: [] };
      if (isShrunk) reduced = await shrink(plan, signature, original ?? { failed: 1, tried: 1 });
      let final = reduced.plan === plan && original !== undefined ? original : undefined;
      final ??= await confirm(reduced.plan, signature);
      if (final.failed === 0 && original !== undefined) {
        // It was shrunk beside others, and what is left fails only there.
        reduced = { ...reduced, plan, certified: false, irrelevant: [] };
        final = original;
      }
      const shown = final.failed > 0 || reduced.plan !== plan ? final.shown : (first ?? final.shown);
      const trace = shown.outcome.events;
      return {
        plan: reduced.plan,
        finding: shown.findings.find((candidate) => signatureOf(candidate) === signature) ?? found,
        executions: reduced.executions,
        // What does not fail every time cannot be certified by leaving things out once.
        minimal: reduced.certified && final.failed === final.tried,
        irrelevant: reduced.irrelevant,
        trace,
        traceHash: hashTrace(trace),
        failed: final.failed,
        tried: final.tried,
        elsewhere: await tryElsewhere(reduced.plan, signature),
      };
    },
    async asSeen(plan, found) {
      const signature = signatureOf(found);
      const seen = executed.get(plan) ?? (await check(plan));
      const finding = seen.findings.find((candidate) => signatureOf(candidate) === signature) ?? found;
      return withTrace(unseen(plan, finding), seen);
    },
    async isDeterministic(index) {
      const plan = generate(index);
      const [first, second] = [await check(plan), await check(plan)];
      return hashTrace(first.outcome.events) === hashTrace(second.outcome.events);
    },
  };
}

function fails({ findings }: CheckedPlan, signature: string): boolean {
  return findings.some((finding) => signatureOf(finding) === signature);
}

/** The most attempts at one candidate of a reduction. */
const attemptsMax = 5;
/** What fails now and then is to fail in one of the attempts this often. */
const confidence = 0.9;

/** How many attempts what fails with this probability needs. */
function attemptsFor(probability: number): number {
  return Math.min(attemptsMax, Math.ceil(Math.log(1 - confidence) / Math.log(1 - probability)));
}

/** Whether other plans shared the agent. */
function hadCompany(checked: CheckedPlan | undefined): boolean {
  const start = checked?.outcome.events[0];
  return start?.kind === 'run.started' && start.lane !== undefined;
}

/** A failing plan of which nothing is known but that it failed. */
export function unseen(plan: Plan, finding: Finding): ReducedCase {
  return {
    plan,
    finding,
    executions: 0,
    minimal: false,
    irrelevant: [],
    trace: [],
    traceHash: hashTrace([]),
    failed: 0,
    tried: 0,
  };
}

function withTrace(reduced: ReducedCase, checked: CheckedPlan | undefined): ReducedCase {
  const trace = checked?.outcome.events ?? [];
  return { ...reduced, trace, traceHash: hashTrace(trace) };
}

/** A short, stable name for a case's file. */
export function caseFileName(signature: string, plan: Plan): string {
  const words = signature
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${words}-${sha256(canonicalJson(plan)).slice(0, 8)}.json`;
}

function onePerSignature(findings: readonly Finding[]): Finding[] {
  return [
    ...new Map([...findings].reverse().map((finding) => [signatureOf(finding), finding])).values(),
  ].reverse();
}
