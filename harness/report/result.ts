import { ExitCode, type HarnessError } from '../core/errors.js';
import type { Plan } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';
import type { Timings } from '../spec/timings.js';
import { findRequirement, type RequirementId } from '../spec/requirements.js';
import type { Subject, VerdictKind } from '../spec/verdict.js';
import type { TraceEvent } from '../trace/events.js';
import type { KnownFailingOutcome } from './known-failing.js';

/** All that a campaign found, as data. Everything under `report/` words it and nothing else does. */
export interface CampaignResult {
  readonly suiteVersion: string;
  readonly catalogueRevision: number;
  readonly exitCode: ExitCode;
  readonly agent: ReportedAgent;
  readonly world: 'sim' | 'live';
  /** `memory`, `docker` or `cri:unix:///<socket>`. */
  readonly runtime: string;
  readonly seed: string;
  /** Names of the suites that ran. */
  readonly suites: readonly string[];
  /** Cases shared a running agent where they could, and most were made so that they can. */
  readonly sharesAgent?: boolean;
  /** How many of the cases were kept from earlier campaigns and ran first. */
  readonly repeatedCases?: number;
  /** The case files that were named and ran first; they are among `cases`. */
  readonly savedCases?: readonly SavedCase[];
  readonly cases: number;
  /** Steps that were not no-ops, over all cases. */
  readonly effectiveSteps: number;
  readonly simulatedSeconds: number;
  readonly wallSeconds: number;
  /** One for each requirement that was asked for, in catalogue order. */
  readonly verdicts: readonly ReportedVerdict[];
  /** Present when a known-failing file was given. */
  readonly knownFailing?: KnownFailingOutcome;
  /**
   * What was not reached in time once, and was in all executions that followed, alone on the machine. It leaves its
   * requirement inconclusive: the agent's fault and a machine that stood still look alike.
   */
  readonly flaky?: readonly ReportedFinding[];
  /** True when the campaign was ended before its time: what is here is what was found so far. */
  readonly interrupted?: boolean;
  /** What ended the campaign before its time, when it was not the reader: what is here was found before. */
  readonly endedBy?: HarnessError;
  /** Sentences for the reader that change no verdict. */
  readonly warnings: readonly string[];
}

export interface SavedCase {
  /** As it was given on the command line. */
  readonly file: string;
  /** SHA-256 of its plan as canonical JSON, in hexadecimal digits: the same plan may lie anywhere. */
  readonly plan: string;
}

export interface ReportedAgent {
  readonly name: string;
  readonly version?: string;
  /** As it was given on the command line: `reference`, `mutant:blind-to-uid`, `./agent.yaml`. */
  readonly given: string;
  readonly sources: readonly SourceKind[];
  readonly features: readonly string[];
  /** The periods of an agent that cannot be told any: its cases go at this pace. Absent: each case sets them. */
  readonly timings?: Timings;
}

export interface ReportedVerdict {
  readonly requirement: RequirementId;
  readonly verdict: VerdictKind;
  /** How often the requirement's precondition was reached. */
  readonly exercised: number;
  /** Why it is inconclusive, not exercised or not applicable. */
  readonly reason?: string;
  /** One per signature. */
  readonly findings: readonly ReportedFinding[];
}

export interface ReportedFinding {
  readonly requirement: RequirementId;
  readonly signature: string;
  readonly subject: Subject;
  readonly expected: string;
  readonly seen: string;
  readonly atMs: number;
  /** Path of the case file, relative to the report folder, with forward slashes. */
  readonly case: string;
  /** How many steps the plan has. */
  readonly steps: number;
  /** True when leaving out any single element of the plan was tried and made the failure go away. */
  readonly minimal: boolean;
  readonly plan: Plan;
  /** SHA-256 of the trace of this plan. */
  readonly traceHash: string;
  /** The few events that show the violation, oldest first. */
  readonly events: readonly TraceEvent[];
  /** The whole trace of this plan, for the timeline. */
  readonly trace?: readonly TraceEvent[];
  /** The command line that replays it. */
  readonly replay: string;
  /** What was varied without changing the outcome: `any image`, `any delay ≥ 3 s`. */
  readonly irrelevant: readonly string[];
  /** Where else it was tried, and how often it failed there with this signature. */
  readonly reproduces?: readonly Reproduction[];
}

export interface Reproduction {
  readonly world: 'sim' | 'live';
  readonly runtime: string;
  /** Beside other plans in one agent. Absent: alone. */
  readonly company?: true;
  readonly failed: number;
  readonly tried: number;
}

/** The exit code that a campaign's verdicts ask for: 0 conforms, 1 does not, 2 nobody can tell. */
export function exitCodeOf(
  result: Pick<CampaignResult, 'verdicts' | 'knownFailing' | 'interrupted' | 'endedBy'>,
): ExitCode {
  const known = result.knownFailing;
  // When the suite itself is at fault, nobody can trust the rest.
  if (result.endedBy?.exitCode === ExitCode.harnessFault) return ExitCode.harnessFault;
  if (known !== undefined && (known.unexpectedPasses.length > 0 || known.unmatched.length > 0)) {
    return ExitCode.doesNotConform;
  }
  const musts = result.verdicts.filter((verdict) => isMust(verdict.requirement));
  if (musts.some((verdict) => verdict.verdict === 'fail' && !isExcused(verdict, known))) {
    return ExitCode.doesNotConform;
  }
  if (result.endedBy !== undefined) return result.endedBy.exitCode;
  const undecided = musts.some((verdict) => verdict.verdict === 'inconclusive');
  const nothingExercised = result.verdicts.every((verdict) => verdict.exercised === 0);
  if (undecided || nothingExercised || result.interrupted === true) return ExitCode.inconclusive;
  return ExitCode.conforms;
}

/** Whether breaking this requirement means that the agent does not conform; for SHOULD it is a warning. */
export function isMust(requirement: RequirementId): boolean {
  return findRequirement(requirement)?.level !== 'SHOULD';
}

/** Whether the known-failing file accounts for every finding of this verdict. */
export function isExcused(verdict: ReportedVerdict, known: KnownFailingOutcome | undefined): boolean {
  if (known === undefined || verdict.findings.length === 0) return false;
  return verdict.findings.every((finding) => known.excusedSignatures.includes(finding.signature));
}
