import { basename, join } from 'node:path';
import { availableParallelism } from 'node:os';
import { randomBytes } from 'node:crypto';
import type { ExitCode } from '../../core/errors.js';
import { openCorpus, type Corpus } from '../../explore/corpus.js';
import type { GenerateOptions, Suite } from '../../explore/suite.js';
import { compareKnownFailing } from '../../report/known-failing.js';
import type { CaseOrigin } from '../../report/case-of.js';
import { allFindings, foundWords } from '../../report/groups.js';
import {
  exitCodeOf,
  type CampaignResult,
  type ReportedFinding,
  type SavedCase,
} from '../../report/result.js';
import { checkReportFolder, removeCase, writeCase } from '../../report/write-report.js';
import {
  notDeterministic,
  runCampaign,
  type CampaignOptions,
  type CampaignProgress,
  type CasePool,
} from '../../run/campaign.js';
import { planHash } from '../../spec/plan-hash.js';
import type { Plan } from '../../spec/plan.js';
import type { RunOptions } from '../arguments.js';
import { loadCase, loadKnownFailing } from '../load-input.js';
import { createProgress } from '../progress.js';
import { presentResult } from '../present-result.js';
import { onInterrupt } from '../interrupt.js';
import { askedRequirements, chooseSuites } from '../choose.js';
import { assertModule } from '../load-agent.js';
import { generateOptionsOf } from '../generate-options.js';
import { resolveTarget, type Target } from '../target.js';

/** Enough that nearly all preconditions are met dozens of times, and over in less than 15 s on two slow cores. */
const simCasesDefault = 1_200;
/** A live case takes seconds. */
const liveCasesDefault = 40;
const simBatchSize = 25;
/** Where nothing is drawn, two campaigns are not to differ in their seeds. */
const seedOfNone = 'none';

/** At most this part of the cases is repeated from earlier runs because it reached much then. */
const corpusShare = 0.25;

/** `conformance run`: a campaign against one agent. */
export async function runCommand(options: RunOptions): Promise<ExitCode> {
  checkReportFolder(options.report);
  // Before signals are caught: a module that never ends loading must not outlive a Ctrl-C.
  const target = await resolveTarget(options);
  const interrupt = onInterrupt();
  const progress = createProgress({
    stream: process.stderr,
    quiet: options.quiet,
    ...(options.suites.length === 0 ? {} : { label: options.suites.join(', ') }),
    ...(options.timeMs === undefined ? {} : { timeMs: options.timeMs }),
  });
  try {
    const result = await campaignOf(options, {
      target,
      signal: interrupt.signal,
      openCorpus: (world) => openCorpus(corpusDirectory(options.agent, world)),
      onProgress: (state) => progress.update(state),
      onFinding(finding, origin, replaced) {
        if (replaced !== undefined) removeCase(replaced, options.report);
        keepCase(origin, finding, options.report);
        progress.tell(`${foundWords(finding)} ${options.report}/${finding.case}`);
      },
    });
    progress.close();
    return presentResult(result, options);
  } finally {
    progress.close();
    interrupt.release();
  }
}

/** A campaign may go on for hours, and be killed: what was found is there at once. */
function keepCase(origin: CaseOrigin, finding: ReportedFinding, report: string): void {
  try {
    writeCase(origin, finding, report);
  } catch {
    // It is written again at the end, which says why it cannot be.
  }
}

/** Cases of a live world have other periods than those of sim, so the two keep apart. */
function corpusDirectory(agent: string, world: 'sim' | 'live'): string {
  const name = basename(agent).replace(/[^\w.-]/g, '_');
  return join('.conformance', 'corpus', world === 'sim' ? name : `${name}-live`);
}

/** The campaign that the options ask for. */
export async function campaignOf(
  options: RunOptions,
  hooks: {
    readonly signal: AbortSignal;
    /** What the options ask for, when that is known already. */
    readonly target?: Target;
    readonly onProgress?: (state: CampaignProgress) => void;
    readonly onFinding?: CampaignOptions['onFinding'];
    /** What failed, and what reached most, runs first. */
    readonly openCorpus?: (world: 'sim' | 'live') => Corpus;
  },
): Promise<CampaignResult> {
  const target = hooks.target ?? (await resolveTarget(options));
  const known = options.knownFailing === undefined ? undefined : loadKnownFailing(options.knownFailing);
  const asked = askedRequirements(options.requirements);
  const generate = {
    ...generateOptionsOf(target.profile, target.world),
    ...(sharesAgent(options, target) ? { sharesAgent: true } : {}),
  };
  const suites = chooseSuites(options, generate, asked);
  const seed = options.seed ?? (isOnlySaved(options) ? seedOfNone : randomBytes(4).toString('hex'));
  const saved = options.savedCases?.map((file) => ({ file, plan: loadCase(file).plan })) ?? [];
  const casesDefault = target.world === 'sim' ? simCasesDefault : liveCasesDefault;
  const cases = options.cases ?? (saved.length > 0 ? 0 : casesDefault);
  // Who names the cases to begin with is not to get others that this machine happens to remember.
  const corpus = saved.length > 0 ? undefined : hooks.openCorpus?.(target.world);
  const repeated = corpus?.plans(Math.floor(cases * corpusShare)) ?? [];
  const pool = await openPool({ target, suites, seed, generate, options });
  try {
    const result = await runCampaign({
      pool: pool.cases,
      agent: {
        name: target.profile.name,
        ...(target.profile.version === undefined ? {} : { version: target.profile.version }),
        given: options.agent,
        sources: target.profile.sources,
        features: target.profile.features,
        ...(generate.timings === undefined ? {} : { timings: generate.timings }),
      },
      world: target.world,
      runtime: target.runtime,
      seed,
      suites: isOnlySaved(options)
        ? [...new Set(saved.map(({ plan }) => plan.suite))]
        : suites.map((suite) => suite.name),
      cases,
      ...(options.timeMs === undefined ? {} : { timeMs: options.timeMs }),
      batchSize: target.world === 'sim' ? simBatchSize : 1,
      requirements: asked,
      bail: options.bail,
      shrink: options.shrink,
      corpus: saved.length > 0 ? saved.map(({ plan }) => plan) : repeated,
      onRecovered: (plan) => corpus?.removeFailure(plan),
      onReached: ({ plan, states }) => corpus?.addStates(plan, new Set(states)),
      replayLine: (casePath) =>
        `npx conformance replay ${options.report}/${casePath}${binaryOption(options.agentBinary)}`,
      ...(hooks.onProgress === undefined ? {} : { onProgress: hooks.onProgress }),
      ...(hooks.onFinding === undefined ? {} : { onFinding: hooks.onFinding }),
      signal: hooks.signal,
      warnings: await pool.warnings(),
    });
    for (const finding of allFindings(result)) corpus?.addFailure(finding.plan);
    const shape = {
      ...shapeOf(generate, repeated.length),
      ...(saved.length > 0 ? { savedCases: saved.map(savedCaseOf) } : {}),
    };
    return withKnownFailing({ ...result, ...shape }, known);
  } finally {
    await pool.close();
  }
}

/**
 * A kubelet takes a second of a core to start, and its cases most of a minute in which it has little to do. Real
 * containers are what takes the time where there are any.
 */
function sharesAgent({ shareAgent }: RunOptions, { reference, runtime }: Target): boolean {
  return shareAgent ?? (reference.kind === 'kubelet' && runtime === 'memory');
}

function isOnlySaved({ savedCases = [], cases, timeMs }: RunOptions): boolean {
  return savedCases.length > 0 && cases === undefined && timeMs === undefined;
}

function savedCaseOf({ file, plan }: { readonly file: string; readonly plan: Plan }): SavedCase {
  return { file, plan: planHash(plan) };
}

/** What the cases depend on besides the seed, the suites and the agent. */
function shapeOf(
  { profile, sharesAgent }: GenerateOptions,
  repeatedCases: number,
): Pick<CampaignResult, 'sharesAgent' | 'repeatedCases'> {
  return {
    ...(profile === 'live' && sharesAgent === true ? { sharesAgent } : {}),
    ...(repeatedCases > 0 ? { repeatedCases } : {}),
  };
}

function binaryOption(agentBinary: string | undefined): string {
  return agentBinary === undefined ? '' : ` --agent-binary ${agentBinary}`;
}

function withKnownFailing(
  result: CampaignResult,
  known: ReturnType<typeof loadKnownFailing> | undefined,
): CampaignResult {
  if (known === undefined) return result;
  const compared = { ...result, knownFailing: compareKnownFailing(result.verdicts, known) };
  return { ...compared, exitCode: exitCodeOf(compared) };
}

function poolOptionsOf({
  jobs,
  bail,
  shrinkMs,
  alsoOn,
}: PoolOptions): PoolOptions & { jobs: number | undefined } {
  return {
    jobs,
    bail,
    ...(shrinkMs === undefined ? {} : { shrinkMs }),
    ...(alsoOn === undefined ? {} : { alsoOn }),
  };
}

type PoolOptions = Pick<RunOptions, 'jobs' | 'bail' | 'shrinkMs' | 'alsoOn'>;

interface OpenPool {
  readonly cases: CasePool;
  /** What the reader should know before the first case. */
  warnings(): Promise<string[]>;
  close(): Promise<void>;
}

async function openPool(run: {
  target: Target;
  suites: readonly Suite[];
  seed: string;
  generate: GenerateOptions;
  options: PoolOptions;
}): Promise<OpenPool> {
  const { target, suites, seed, generate } = run;
  if (target.world === 'live') {
    const { createLivePool } = await import('../live-pool.js');
    const cases = createLivePool({
      target,
      suites,
      seed,
      generate,
      sharesAgent: generate.sharesAgent === true,
      ...poolOptionsOf(run.options),
    });
    await cases.open();
    return { cases, warnings: () => Promise.resolve([]), close: () => cases.close() };
  }
  assertModule(target.reference);
  const { createSimPool } = await import('../sim-pool.js');
  const pool = createSimPool(
    { agent: target.reference, suites: suites.map((suite) => suite.name), seed, generate },
    run.options.jobs ?? availableParallelism(),
  );
  return {
    cases: pool,
    async warnings() {
      if (await pool.isDeterministic(0)) return [];
      return [notDeterministic];
    },
    close: () => pool.close(),
  };
}
