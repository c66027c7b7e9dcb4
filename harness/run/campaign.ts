import { setMaxListeners } from 'node:events';
import {
  exitCodeOf,
  type CampaignResult,
  type ReportedAgent,
  type ReportedFinding,
  type Reproduction,
} from '../report/result.js';
import type { CaseOrigin } from '../report/case-of.js';
import { openCaseWords } from '../report/open-case-words.js';
import { asHarnessError, type HarnessError } from '../core/errors.js';
import { packageVersion } from '../core/package-root.js';
import { whyAlone } from '../explore/why-alone.js';
import type { Plan } from '../spec/plan.js';
import { catalogueRevision, findRequirement, type RequirementId } from '../spec/requirements.js';
import { signatureOf, type Finding } from '../spec/verdict.js';
import { caseFileName, type BatchResult, type ReachedStates } from './case-runner.js';
import { runBatches } from './batches.js';
import { isDoubtful, withDoubts } from './doubts.js';
import { excerptOf } from './excerpt.js';
import { unseen, type ReducedCase } from './reduce-case.js';
import { createSuspicions } from './suspicions.js';
import { mergeTally, unsettledOf, verdictsOf, type Tally } from './tally.js';

/** Where cases are executed: threads in sim, lanes in live. */
export interface CasePool {
  runBatch(first: number, count: number, signal: AbortSignal): Promise<BatchResult>;
  runPlans(plans: readonly Plan[], signal: AbortSignal): Promise<BatchResult>;
  reduce(plan: Plan, found: Finding, shrink: boolean, signal: AbortSignal): Promise<ReducedCase>;
  /** As `reduce`, without any search and with as few executions as can be: for when there is no time left. */
  asSeen(plan: Plan, found: Finding): Promise<ReducedCase>;
  /** What everything waits for, for the reader. */
  awaits?(): string | undefined;
  /** What the reader of the report is to know of how the cases were executed. */
  warnings?(): readonly string[];
  /** No more batches will be asked for: what waits until the machine has nothing else to do may begin. */
  noMoreBatches?(): void;
  /** How many batches are kept under way. */
  readonly width: number;
}

export interface CampaignOptions {
  readonly pool: CasePool;
  readonly agent: ReportedAgent;
  readonly world: 'sim' | 'live';
  readonly runtime: string;
  readonly seed: string;
  readonly suites: readonly string[];
  /** The number of cases, or how long to go on, in milliseconds. */
  readonly cases: number;
  readonly timeMs?: number;
  readonly batchSize: number;
  /** Requirements that count; findings of others are left out. */
  readonly requirements: ReadonlySet<RequirementId>;
  /** Ends with the first finding; against real processes with the first that is not in doubt. */
  readonly bail: boolean;
  readonly shrink: boolean;
  /** Plans that failed or were of interest before: they run first. */
  readonly corpus: readonly Plan[];
  /** A plan of the corpus fails no more. */
  readonly onRecovered?: (plan: Plan) => void;
  /** A plan passed and reached states that may be new. */
  readonly onReached?: (reached: ReachedStates) => void;
  /** How a finding of this case is replayed. */
  readonly replayLine: (casePath: string) => string;
  readonly onProgress?: (progress: CampaignProgress) => void;
  /** Something was found and looked into, maybe in place of a case that left it in doubt. */
  readonly onFinding?: (
    finding: ReportedFinding,
    origin: CaseOrigin,
    replaced: ReportedFinding | undefined,
  ) => void;
  /** Ends the campaign early; what was found so far is reported. */
  readonly signal: AbortSignal;
  readonly warnings: readonly string[];
}

export interface CampaignProgress {
  readonly cases: number;
  readonly casesTotal: number | undefined;
  readonly findings: number;
  readonly reducing: number;
  readonly elapsedMs: number;
  /** What everything waits for. */
  readonly awaits?: string | undefined;
}

/** For the reader of a simulated campaign whose executions differ. */
export const notDeterministic =
  'The agent is not deterministic: two executions of one plan differed. Cases may not replay. Look for time, ' +
  'randomness or I/O that does not come from its ports, and for variables of the module, which outlive a restart.';

/** An agent that floods the runtime in so many cases will do so in all, and each takes seconds. */
const floodsMax = 20;
const progressPeriodMs = 1_000;

/**
 * Runs many cases against one agent. Batches run side by side but are taken in by their number, so the first
 * plan that shows a signature is the same however many threads there are.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const startedMs = performance.now();
  const bailing = new AbortController();
  const signal = AbortSignal.any([options.signal, bailing.signal]);
  // Every case under way listens, and there is no bound to how many are.
  for (const each of [options.signal, signal]) setMaxListeners(0, each);
  const origin: CaseOrigin = {
    suiteVersion: packageVersion(),
    catalogueRevision,
    agent: options.agent,
    world: options.world,
    runtime: options.runtime,
  };
  const tally: Tally = {};
  const sum = { cases: 0, effectiveSteps: 0, simulatedMs: 0 };
  const suspicions = createSuspicions({
    // In sim the reduction has ended before anybody could read it; in live a killed campaign would have told nothing.
    asSeen: options.world === 'live' ? asSeen : undefined,
    reduce,
    isDoubtful,
    stoodAlone: options.world === 'live' ? (plan) => whyAlone(plan) !== undefined : undefined,
    onFinding: (finding, replaced) => options.onFinding?.(finding, origin, replaced),
  });
  const warnings = [...options.warnings];
  let reducing = 0;
  /** Cases that have ended and wait for those before them. */
  let ahead = 0;
  let stopped = false;
  let floods = 0;
  let ownExits = 0;
  let endedBy: HarnessError | undefined;

  /** What was found so far is reported whatever ends the campaign; without anything found, the error is all. */
  function noteFailure(error: unknown): void {
    if (signal.aborted || endedBy !== undefined) return;
    if (sum.cases === 0 && suspicions.size === 0) throw error;
    endedBy = asHarnessError(error);
    stopped = true;
    warnings.push(`The campaign ended early: ${endedBy.message}`);
  }

  const progress = (): void =>
    options.onProgress?.({
      cases: sum.cases + ahead,
      casesTotal: options.timeMs === undefined ? options.cases + options.corpus.length : undefined,
      findings: suspicions.size,
      reducing,
      elapsedMs: performance.now() - startedMs,
      awaits: options.pool.awaits?.(),
    });
  // Also while no case ends: the reader is to see that something is going on.
  const ticker = setInterval(progress, progressPeriodMs);

  async function asSeen(plan: Plan, found: Finding): Promise<ReportedFinding> {
    const reduced = await options.pool.asSeen(plan, found).catch(() => unseen(plan, found));
    return reportedFinding(signatureOf(found), reduced, options);
  }

  async function reduce(plan: Plan, found: Finding): Promise<ReportedFinding> {
    const signature = signatureOf(found);
    reducing++;
    try {
      const reduced = await options.pool.reduce(plan, found, options.shrink, signal);
      if (reduced.trouble !== undefined) noteFailure(reduced.trouble);
      const finding = reportedFinding(signature, reduced, options);
      if (options.bail && options.world === 'live' && !isDoubtful(finding)) bailing.abort();
      return finding;
    } catch (error) {
      noteFailure(error);
      return await asSeen(plan, found);
    } finally {
      reducing--;
      progress();
    }
  }

  function takeIn(batch: BatchResult): void {
    sum.cases += batch.cases;
    sum.effectiveSteps += batch.effectiveSteps;
    sum.simulatedMs += batch.simulatedMs;
    floods += batch.floods;
    ownExits += batch.ownExits;
    if (floods >= floodsMax) stopped = true;
    mergeTally(tally, batch.tally);
    for (const reached of batch.reached) options.onReached?.(reached);
    for (const failed of batch.failed) {
      for (const finding of failed.findings) {
        if (!options.requirements.has(finding.requirement)) continue;
        suspicions.note(failed.plan, finding);
        // Against a real process it may have been the moment's, and is tried again first.
        if (options.bail && options.world === 'sim') stopped = true;
      }
      if (stopped) break;
    }
    progress();
  }

  const over = (): boolean =>
    stopped ||
    signal.aborted ||
    (options.timeMs !== undefined && performance.now() - startedMs >= options.timeMs);

  async function runAll(): Promise<void> {
    const { pool, corpus } = options;
    const known = (first: number, count: number): readonly Plan[] => corpus.slice(first, first + count);
    const ways = {
      batchSize: options.batchSize,
      width: pool.width,
      signal,
      isOver: over,
      isStopped: () => stopped,
      onAhead: (count: number) => void (ahead += count),
    };
    await runBatches({
      ...ways,
      total: corpus.length,
      start: (first, count, signal) => pool.runPlans(known(first, count), signal),
      takeIn(batch, first, count) {
        takeIn(batch);
        const failing = new Set(batch.failed.map(({ index }) => index));
        known(first, count).forEach((plan, index) => failing.has(index) || options.onRecovered?.(plan));
      },
    });
    await runBatches({
      ...ways,
      total: options.timeMs === undefined ? options.cases : Number.MAX_SAFE_INTEGER,
      start: (first, count, signal) => pool.runBatch(first, count, signal),
      takeIn,
    });
  }

  async function runAllWithin(): Promise<void> {
    try {
      await runAll();
    } catch (error) {
      noteFailure(error);
    } finally {
      options.pool.noMoreBatches?.();
    }
  }

  let reported: ReportedFinding[];
  try {
    await runAllWithin();
    reported = await suspicions.settled();
  } finally {
    clearInterval(ticker);
  }
  const flaky = reported.filter(isDoubtful);
  const findings = reported.filter((finding) => !flaky.includes(finding));
  const isUnsteady = reported.some(({ reproduces = [] }) =>
    reproduces.some(({ world, failed, tried }) => world === 'sim' && failed < tried),
  );
  if (isUnsteady && !warnings.includes(notDeterministic)) warnings.push(notDeterministic);
  warnings.push(...(options.pool.warnings?.() ?? []));
  warnings.push(
    ...openCaseWords({
      cases: sum.cases,
      unsettled: unsettledOf(tally),
      floods,
      ownExits,
      isLeftOut: floods >= floodsMax,
    }),
  );
  const result = {
    ...origin,
    seed: options.seed,
    suites: options.suites,
    cases: sum.cases,
    effectiveSteps: sum.effectiveSteps,
    simulatedSeconds: Math.round(sum.simulatedMs / 1_000),
    wallSeconds: Math.round(performance.now() - startedMs) / 1_000,
    verdicts: reportedVerdicts(tally, findings, options.requirements).map((verdict) =>
      withDoubts(verdict, flaky, suspicions.casesOf),
    ),
    ...(flaky.length === 0 ? {} : { flaky }),
    ...(options.signal.aborted || endedBy !== undefined ? { interrupted: true } : {}),
    ...(endedBy === undefined ? {} : { endedBy }),
    warnings,
  };
  return { ...result, exitCode: exitCodeOf(result) };
}

function reportedFinding(signature: string, reduced: ReducedCase, options: CampaignOptions): ReportedFinding {
  const { finding, plan } = reduced;
  const path = `cases/${caseFileName(signature, plan)}`;
  return {
    requirement: finding.requirement,
    signature,
    subject: finding.subject,
    expected: finding.expected,
    seen: finding.seen,
    atMs: finding.atMs,
    case: path,
    steps: plan.steps.length,
    minimal: reduced.minimal,
    plan,
    traceHash: reduced.traceHash,
    events: excerptOf(reduced.trace, finding),
    trace: reduced.trace,
    replay: options.replayLine(path),
    irrelevant: reduced.irrelevant,
    reproduces: reproductionsOf(reduced, options),
  };
}

function reproductionsOf(reduced: ReducedCase, { world, runtime }: CampaignOptions): Reproduction[] {
  const { failed, tried, company, elsewhere = [] } = reduced;
  return [
    { world, runtime, failed, tried },
    ...(company === undefined ? [] : [{ world, runtime, company: true as const, ...company }]),
    ...elsewhere.map((tries) => ({ world, ...tries })),
  ];
}

function reportedVerdicts(
  tally: Tally,
  findings: readonly ReportedFinding[],
  asked: ReadonlySet<RequirementId>,
): CampaignResult['verdicts'] {
  const failed = new Set(findings.map((finding) => finding.requirement));
  return verdictsOf(tally, failed)
    .filter(({ requirement }) => asked.has(requirement) && findRequirement(requirement) !== undefined)
    .map((verdict) => ({
      ...verdict,
      findings: findings.filter((finding) => finding.requirement === verdict.requirement),
    }));
}
