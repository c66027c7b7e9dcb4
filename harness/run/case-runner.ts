import { generateCase } from '../explore/generate-case.js';
import type { GenerateOptions, Suite } from '../explore/suite.js';
import { planHash } from '../spec/plan-hash.js';
import type { Plan } from '../spec/plan.js';
import { signatureOf, type Finding } from '../spec/verdict.js';
import { hashTrace } from '../trace/codec.js';
import type { CheckedPlan } from './check-plan.js';
import { abstractStates } from './abstract-states.js';
import { createCaseReducer, unseen, withTrace, type ReducedCase, type ReduceOptions } from './reduce-case.js';
import { addVerdicts, type Tally } from './tally.js';

/** What cases are made of and how they are executed. */
export interface CaseRunnerOptions extends ReduceOptions {
  readonly suites: readonly Suite[];
  readonly seed: string;
  readonly generate: GenerateOptions;
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
  /** Cases in which the agent ended on its own. */
  readonly ownExits: number;
}

/** A passing plan and the abstract states that it reached. */
export interface ReachedStates {
  readonly plan: Plan;
  readonly states: readonly string[];
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
  const { check } = options;
  const reducer = createCaseReducer(options, options.generate.sources);
  const executed = options.seen ?? new WeakMap<Plan, CheckedPlan>();
  const known = new Set<string>();
  const generate = (index: number): Plan =>
    generateCase({ suites: options.suites, seed: options.seed, index, options: options.generate });

  async function runPlans(plans: Iterable<readonly [index: number, plan: Plan]>): Promise<BatchResult> {
    const tally: Tally = {};
    const failed: FailedCase[] = [];
    const reached: ReachedStates[] = [];
    const sum = { cases: 0, effectiveSteps: 0, simulatedMs: 0, events: 0, floods: 0, ownExits: 0 };
    for (const [index, plan] of plans) {
      const { outcome, judgement, findings } = await check(plan);
      sum.cases++;
      sum.effectiveSteps += outcome.effectiveSteps;
      sum.simulatedMs += outcome.durationMs;
      sum.events += outcome.events.length;
      const last = outcome.events.at(-1);
      if (last?.kind === 'run.ended' && last.outcome === 'limit') sum.floods++;
      if (outcome.events.some((event) => event.kind === 'agent.ended' && event.cause === 'exited'))
        sum.ownExits++;
      addVerdicts(tally, judgement.verdicts);
      if (findings.length > 0) executed.set(plan, { outcome, judgement, findings });
      if (findings.length > 0) failed.push({ index, plan, findings: onePerSignature(findings) });
      else noteStates(plan, abstractStates(plan, judgement.verdicts, outcome.events), reached);
    }
    return { ...sum, tally, failed, reached };
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
    reduce: (plan, found, isShrunk) => reducer.reduce(plan, found, isShrunk, executed.get(plan)),
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

/** A short, stable name for a case's file. */
export function caseFileName(signature: string, plan: Plan): string {
  const words = signature
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${words}-${planHash(plan).slice(0, 8)}.json`;
}

function onePerSignature(findings: readonly Finding[]): Finding[] {
  return [
    ...new Map([...findings].reverse().map((finding) => [signatureOf(finding), finding])).values(),
  ].reverse();
}
