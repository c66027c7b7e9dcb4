import { reducePlan, type Reduction } from '../explore/reduce.js';
import { ExitCode, HarnessError } from '../core/errors.js';
import type { Plan } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';
import { signatureOf, type Finding } from '../spec/verdict.js';
import { hashTrace } from '../trace/codec.js';
import type { TraceEvent } from '../trace/events.js';
import type { CheckedPlan } from './check-plan.js';
import { createWorkTime } from './work-time.js';

/**
 * Executes a plan and judges it. With `until`, the execution may end as soon as it has failed with that signature:
 * where nothing but that is asked, what an agent does afterwards is not worth waiting for.
 */
export type CheckPlan = (plan: Plan, until?: string) => Promise<CheckedPlan>;

/** How failing cases are tried again and made smaller. */
export interface ReduceOptions {
  readonly check: CheckPlan;
  /** The same with an agent for itself, where `check` may give it company. */
  readonly checkAlone?: CheckPlan;
  /** Runtimes other than the campaign's in which a final case is tried too, and how. */
  readonly elsewhere?: ReadonlyMap<string, CheckPlan>;
  /** Repeats run side by side: they wait far more than they work. */
  readonly repeatsAtOnce?: boolean;
  /** A reduction gives up after so many executions and says that its result is not certified. */
  readonly reduceExecutionsMax: number;
  /**
   * A reduction whose candidates have run for longer than this, in milliseconds, ends with what it has; waiting for
   * others of the campaign does not count. Absent: it takes what it needs.
   */
  readonly reduceMsMax?: number;
  /** How many candidates of a reduction are tried at once. Default 1. */
  readonly reduceWidth?: number;
  /** How often a failing plan is executed again before it is shrunk, and the final plan after: once in sim, more in live. */
  readonly repeats: number;
  /** Does the work while nothing else of the campaign runs. */
  readonly alone?: <Value>(work: () => Promise<Value>) => Promise<Value>;
  /** Aborted when there is no time left: what is known by then is all that there will be. */
  readonly signal?: AbortSignal;
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
  /** What ended the reduction before its time, for whoever leads the campaign. */
  readonly trouble?: unknown;
}

/** How often something failed. */
export interface Tries {
  readonly failed: number;
  readonly tried: number;
}

/** Tries, and one of the executions: one that failed, if any did. */
type Shown = Tries & { readonly shown: CheckedPlan | undefined };

export interface CaseReducer {
  /**
   * Tries a failing plan again, makes it smaller if it is to, and tries what is left. What is known is kept, whatever
   * ends it.
   *
   * @param found the finding to keep to; it is reported itself if it never shows again
   * @param first the execution that showed it
   */
  reduce(plan: Plan, found: Finding, isShrunk: boolean, first: CheckedPlan | undefined): Promise<ReducedCase>;
}

/** @param sources what the agent has: those of a plan may be exchanged for others of them */
export function createCaseReducer(options: ReduceOptions, sources: readonly SourceKind[]): CaseReducer {
  const { check, checkAlone = check } = options;
  const alone = options.alone ?? ((work) => work());
  const isOver = (): boolean => options.signal?.aborted === true;

  /** Undefined when it was cut short before it had failed: that says nothing of the plan. */
  async function attempt(
    execute: (until?: string) => Promise<CheckedPlan>,
    signature: string,
    until?: string,
  ): Promise<CheckedPlan | undefined> {
    try {
      const checked = await execute(until);
      return fails(checked, signature) || !wasCutShort(checked) ? checked : undefined;
    } catch (error) {
      if (isOver()) return undefined;
      throw error;
    }
  }

  /** Executes the plan again as often as is asked for. The first that fails is seen to its end, for its trace. */
  async function repeat(
    execute: (until?: string) => Promise<CheckedPlan>,
    signature: string,
  ): Promise<Shown> {
    const checked: CheckedPlan[] = [];
    const failing = (): CheckedPlan[] => checked.filter((one) => fails(one, signature));
    if (options.repeatsAtOnce === true) {
      const untils = Array.from({ length: options.repeats }, (_, nth) => (nth === 0 ? undefined : signature));
      const all = await Promise.all(untils.map((until) => attempt(execute, signature, until)));
      checked.push(...all.filter((one) => one !== undefined));
    } else {
      while (checked.length < options.repeats) {
        const one = await attempt(execute, signature, failing().length > 0 ? signature : undefined);
        if (one === undefined) break;
        checked.push(one);
      }
    }
    return { failed: failing().length, tried: checked.length, shown: failing()[0] ?? checked[0] };
  }

  /** With an agent for itself and, as far as the harness goes, the machine too. */
  function confirm(plan: Plan, signature: string): Promise<Shown> {
    return alone(() => repeat((until) => checkAlone(plan, until), signature));
  }

  /**
   * Copies of the plan are as good a company as any, beside whatever else runs. Many of them may take all that the machine
   * has: those are no tries.
   */
  async function tryInCompany(plan: Plan, signature: string): Promise<Tries> {
    const copies = Array.from({ length: 2 * options.repeats }, () =>
      attempt((until) => check(plan, until), signature, signature),
    );
    const checked = (await Promise.all(copies)).filter((one) => one !== undefined && !wasStarved(one));
    return { failed: checked.filter((one) => fails(one!, signature)).length, tried: checked.length };
  }

  async function tryElsewhere(plan: Plan, signature: string): Promise<NonNullable<ReducedCase['elsewhere']>> {
    const tries: (Tries & { runtime: string })[] = [];
    for (const [runtime, execute] of options.elsewhere ?? []) {
      const { failed, tried } = await alone(() => repeat((until) => execute(plan, until), signature));
      if (tried > 0) tries.push({ runtime, failed, tried });
    }
    return tries;
  }

  /** Undefined when the agent did not come up, twice: one of many starts may fail for want of something. */
  async function tryCandidate(candidate: Plan, signature: string): Promise<CheckedPlan | undefined> {
    for (let nth = 0; nth < 2; nth++) {
      try {
        return await attempt((until) => check(candidate, until), signature, signature);
      } catch (error) {
        if (!(error instanceof HarnessError) || error.exitCode !== ExitCode.unavailable) throw error;
      }
    }
    return undefined;
  }

  /**
   * A plan that fails now and then is tried until it would have failed in most cases. What is left of one that failed
   * every time has to fail as many times, or it would be made smaller until it only just fails.
   */
  async function shrink(
    plan: Plan,
    signature: string,
    { failed, tried }: Tries,
  ): Promise<Reduction & { readonly seen: Shown | undefined }> {
    const isSteady = failed >= tried;
    const attempts = isSteady ? 1 : attemptsFor(failed / tried);
    const furtherAttempts = isSteady ? tried - attempts : 0;
    const workTime = createWorkTime();
    const seen = new Map<Plan, Shown>();

    async function tryTimes(candidate: Plan, times: number): Promise<CheckedPlan[] | undefined> {
      const checked = await Promise.all(
        Array.from({ length: times }, () => tryCandidate(candidate, signature)),
      );
      for (const one of checked) workTime.note(one?.outcome.durationMs ?? 0);
      return checked.includes(undefined) ? undefined : (checked as CheckedPlan[]);
    }

    const reduction = await reducePlan({
      plan,
      signature,
      sources,
      async run(candidate) {
        const checked = await tryTimes(candidate, attempts);
        if (checked === undefined) return undefined;
        const isShown = checked.some((one) => fails(one, signature));
        if (isShown && furtherAttempts > 0) {
          const more = await tryTimes(candidate, furtherAttempts);
          if (more === undefined) return undefined;
          if (!more.every((one) => fails(one, signature))) return new Set<string>();
          checked.push(...more);
        }
        const failing = checked.filter((one) => fails(one, signature));
        if (isShown)
          seen.set(candidate, { failed: failing.length, tried: checked.length, shown: failing[0] });
        return new Set(checked.flatMap((one) => one.findings.map(signatureOf)));
      },
      budget: options.reduceExecutionsMax,
      width: options.reduceWidth,
      isOver: () => isOver() || workTime.ms() >= (options.reduceMsMax ?? Infinity),
    });
    return { ...reduction, seen: seen.get(reduction.plan) };
  }

  /** What is left of a plan, and how often it fails. */
  async function reduceAndConfirm(
    plan: Plan,
    signature: string,
    isShrunk: boolean,
    original: Shown | undefined,
  ): Promise<{ readonly reduced: Reduction; readonly final: Shown }> {
    if (!isShrunk) return { reduced: unreduced(plan), final: original ?? (await confirm(plan, signature)) };
    const { seen, ...reduced } = await shrink(plan, signature, original ?? { failed: 1, tried: 1 });
    if (original === undefined) return { reduced, final: await confirm(reduced.plan, signature) };
    const isSame = reduced.plan === plan;
    let final = isSame ? original : await confirm(reduced.plan, signature);
    // There was no time to try it again, but it was tried.
    if (final.tried === 0 && seen !== undefined && !hadCompany(seen.shown)) final = seen;
    if (final.failed > 0) return { reduced, final };
    // It was shrunk beside others, and what is left fails only there.
    return { reduced: { ...unreduced(plan), executions: reduced.executions }, final: original };
  }

  return {
    async reduce(plan, found, isShrunk, first) {
      const signature = signatureOf(found);
      const original = options.repeats > 1 ? await confirm(plan, signature) : undefined;
      // There is nothing to shrink, and the trace that showed it is all there is.
      if (original?.failed === 0) {
        const seen = { ...withTrace(unseen(plan, found), first), tried: original.tried };
        if (!hadCompany(first) || isOver()) return seen;
        return { ...seen, company: await tryInCompany(plan, signature) };
      }
      const told = ({ reduced, final }: Awaited<ReturnType<typeof reduceAndConfirm>>): ReducedCase => {
        const shown = final.failed > 0 || reduced.plan !== plan ? final.shown : (first ?? final.shown);
        const finding = shown?.findings.find((candidate) => signatureOf(candidate) === signature) ?? found;
        return {
          ...withTrace(unseen(reduced.plan, finding), shown),
          executions: reduced.executions,
          // What does not fail every time cannot be certified by leaving things out once.
          minimal: reduced.certified && final.failed === final.tried,
          irrelevant: reduced.irrelevant,
          failed: final.failed,
          tried: final.tried,
        };
      };
      let known = original && told({ reduced: unreduced(plan), final: original });
      try {
        known = told(await reduceAndConfirm(plan, signature, isShrunk, original));
        return { ...known, elsewhere: await tryElsewhere(known.plan, signature) };
      } catch (error) {
        if (known === undefined) throw error;
        return { ...known, trouble: error };
      }
    },
  };
}

function unreduced(plan: Plan): Reduction {
  return { plan, executions: 0, certified: false, irrelevant: [] };
}

function fails({ findings }: CheckedPlan, signature: string): boolean {
  return findings.some((finding) => signatureOf(finding) === signature);
}

function wasCutShort({ outcome }: CheckedPlan): boolean {
  const last = outcome.events.at(-1);
  return last?.kind === 'run.ended' && last.outcome === 'interrupted';
}

/** An agent that did not get the processor for such a part of the time shows what the machine does, not what it does. */
const starvedShare = 0.2;

function wasStarved({ outcome }: CheckedPlan): boolean {
  const stalledMs = outcome.events.reduce((sum, event) => sum + (event.kind === 'stalled' ? event.ms : 0), 0);
  return stalledMs > starvedShare * outcome.durationMs;
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

/** The same with the trace of an execution, if there was one. */
export function withTrace(reduced: ReducedCase, checked: CheckedPlan | undefined): ReducedCase {
  const trace = checked?.outcome.events ?? [];
  return { ...reduced, trace, traceHash: hashTrace(trace) };
}
