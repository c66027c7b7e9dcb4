import { z } from 'zod';
import { findRequirement } from '../spec/requirements.js';
import { eventWords } from './event-words.js';
import { allFindings } from './groups.js';
import {
  isExcused,
  isMust,
  type CampaignResult,
  type ReportedAgent,
  type ReportedFinding,
} from './result.js';
import { outcomeSentence } from './outcome.js';
import { tracePath } from './trace-path.js';
import { planWords, podWords } from './words.js';

/** Version of the report format. Within one version fields are only added. */
export const reportVersion = 1;

const verdictKind = z.enum(['pass', 'fail', 'inconclusive', 'not exercised', 'not applicable']);

const findingSchema = z.object({
  requirement: z.string(),
  signature: z
    .string()
    .describe('Requirement and role of the subject: equal for failures that are the same.'),
  subject: z.object({ role: z.string(), name: z.string() }),
  expected: z.string(),
  seen: z.string(),
  atMs: z.number().describe('When the violation was complete, in milliseconds of the run.'),
  case: z.string().describe('Path of the case file, relative to the report folder.'),
  steps: z.number().int().describe('How many steps the case has.'),
  minimal: z.boolean().describe('Leaving out any single element makes the failure go away.'),
  known: z.boolean().describe('The known-failing file lists it.'),
  traceHash: z.string(),
  trace: z
    .string()
    .optional()
    .describe('Path of what happened, one event a line, relative to the report folder.'),
  replay: z.string().describe('The command line that replays it.'),
  words: z.object({
    pods: z.array(z.string()),
    steps: z.array(z.string()),
    disturbances: z.array(z.string()),
    events: z.array(z.object({ t: z.number(), seq: z.number().int(), text: z.string() })),
  }),
  irrelevant: z.array(z.string()),
  reproduces: z
    .array(
      z.object({
        world: z.string(),
        runtime: z.string(),
        company: z.boolean().optional().describe('Beside other plans in one agent; absent: alone.'),
        failed: z.number(),
        tried: z.number(),
      }),
    )
    .optional(),
});

/** What `report.json` holds. */
export const reportSchema = z.object({
  report: z.literal(reportVersion),
  suiteVersion: z.string(),
  catalogueRevision: z.number().int(),
  exitCode: z.number().int(),
  outcome: z.string().describe('The outcome as a sentence.'),
  agent: z.object({
    name: z.string(),
    version: z.string().optional(),
    given: z.string(),
    sources: z.array(z.string()),
    features: z.array(z.string()),
    timings: z
      .record(z.string(), z.union([z.number(), z.boolean()]))
      .optional()
      .describe('The periods of an agent that cannot be told any; absent: each case sets them.'),
  }),
  world: z.enum(['sim', 'live']),
  runtime: z.string(),
  seed: z.string(),
  suites: z.array(z.string()),
  sharesAgent: z.boolean().optional().describe('Cases shared a running agent where they could.'),
  repeatedCases: z
    .number()
    .int()
    .optional()
    .describe('How many of the cases were kept from earlier campaigns and ran first.'),
  savedCases: z
    .array(z.object({ file: z.string(), plan: z.string().describe('SHA-256 of the plan.') }))
    .optional()
    .describe('The case files that were named and ran first.'),
  cases: z.number().int(),
  effectiveSteps: z.number().int(),
  simulatedSeconds: z.number(),
  wallSeconds: z.number(),
  interrupted: z.boolean(),
  verdicts: z.array(
    z.object({
      requirement: z.string(),
      level: z.enum(['MUST', 'SHOULD']),
      group: z.string(),
      title: z.string(),
      verdict: verdictKind,
      exercised: z.number().int(),
      reason: z.string().optional(),
      known: z.boolean(),
      findings: z.array(findingSchema),
    }),
  ),
  findings: z.number().int().describe('How many findings all verdicts have together.'),
  knownFailing: z
    .object({
      excusedSignatures: z.array(z.string()),
      unexpectedPasses: z.array(z.string()),
      unmatched: z.array(
        z.object({ requirement: z.string(), subject: z.string().optional(), reason: z.string().optional() }),
      ),
    })
    .optional(),
  flaky: z
    .array(findingSchema)
    .optional()
    .describe(
      'Seen once, and in none of the executions that followed; they leave a requirement inconclusive.',
    ),
  warnings: z.array(z.string()),
});
export type Report = z.infer<typeof reportSchema>;

/** The result as `report.json` has it: without plans and traces, which the case files hold. */
export function jsonReport(result: CampaignResult): Report {
  const known = result.knownFailing;
  return {
    report: reportVersion,
    suiteVersion: result.suiteVersion,
    catalogueRevision: result.catalogueRevision,
    exitCode: result.exitCode,
    outcome: outcomeSentence(result),
    agent: jsonAgent(result.agent),
    world: result.world,
    runtime: result.runtime,
    seed: result.seed,
    suites: [...result.suites],
    ...(result.sharesAgent === true ? { sharesAgent: true } : {}),
    ...(result.repeatedCases === undefined ? {} : { repeatedCases: result.repeatedCases }),
    ...(result.savedCases === undefined
      ? {}
      : { savedCases: result.savedCases.map((saved) => ({ ...saved })) }),
    cases: result.cases,
    effectiveSteps: result.effectiveSteps,
    simulatedSeconds: result.simulatedSeconds,
    wallSeconds: result.wallSeconds,
    interrupted: result.interrupted === true,
    verdicts: result.verdicts.map((verdict) => {
      const requirement = findRequirement(verdict.requirement);
      return {
        requirement: verdict.requirement,
        level: isMust(verdict.requirement) ? 'MUST' : 'SHOULD',
        group: requirement?.group ?? '',
        title: requirement?.title ?? '',
        verdict: verdict.verdict,
        exercised: verdict.exercised,
        ...(verdict.reason === undefined ? {} : { reason: verdict.reason }),
        known: isExcused(verdict, known),
        findings: verdict.findings.map((finding) =>
          jsonFinding(finding, known?.excusedSignatures.includes(finding.signature) === true),
        ),
      };
    }),
    findings: allFindings(result).length,
    ...(known === undefined
      ? {}
      : {
          knownFailing: {
            excusedSignatures: [...known.excusedSignatures],
            unexpectedPasses: [...known.unexpectedPasses],
            unmatched: known.unmatched.map((entry) => ({ ...entry })),
          },
        }),
    ...(result.flaky === undefined
      ? {}
      : { flaky: result.flaky.map((finding) => jsonFinding(finding, false)) }),
    warnings: [...result.warnings],
  };
}

function jsonAgent({ timings, ...agent }: ReportedAgent): Report['agent'] {
  return {
    ...agent,
    sources: [...agent.sources],
    features: [...agent.features],
    ...(timings === undefined ? {} : { timings: { ...timings } }),
  };
}

function jsonFinding(
  finding: ReportedFinding,
  known: boolean,
): Report['verdicts'][number]['findings'][number] {
  const { steps, disturbances } = planWords(finding.plan);
  const trace = tracePath(finding);
  return {
    requirement: finding.requirement,
    signature: finding.signature,
    subject: { ...finding.subject },
    expected: finding.expected,
    seen: finding.seen,
    atMs: finding.atMs,
    case: finding.case,
    steps: finding.steps,
    minimal: finding.minimal,
    known,
    traceHash: finding.traceHash,
    ...(trace === undefined ? {} : { trace }),
    replay: finding.replay,
    words: {
      pods: podWords(finding.plan),
      steps,
      disturbances,
      events: finding.events.map((event) => ({
        t: event.t,
        seq: event.seq,
        text: eventWords(event, finding.plan),
      })),
    },
    irrelevant: [...finding.irrelevant],
    ...(finding.reproduces === undefined
      ? {}
      : { reproduces: finding.reproduces.map((where) => ({ ...where })) }),
  };
}
