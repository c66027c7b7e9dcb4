import type { VerdictKind } from '../spec/verdict.js';
import type { Report } from './json.js';

/** Version of what `compare --json` prints. Within one version fields are only added. */
export const comparisonVersion = 1;

export type ReportVerdict = Report['verdicts'][number];
export type ReportFinding = ReportVerdict['findings'][number];

/**
 * What the second report says of a requirement, measured by the first.
 * - `worse`, `better`: fail is worse than inconclusive, and that is worse than pass; of two that fail, the one that
 *   fails in a way in which the other does not;
 * - `lost`: the first judged it and the second does not, so nobody can tell; `gained`: the other way round;
 * - `same`: whatever else differs, such as how often it was exercised.
 */
export type Change = 'worse' | 'better' | 'lost' | 'gained' | 'same';

/** One of the two reports, without its verdicts. */
export interface ComparedReport extends Omit<Report, 'verdicts' | 'knownFailing' | 'flaky' | 'warnings'> {
  /** The report folder. */
  readonly directory: string;
}

export interface ComparedVerdict {
  readonly verdict: VerdictKind;
  readonly exercised: number;
  readonly reason?: string;
}

export interface ComparedRequirement {
  readonly requirement: string;
  readonly level: 'MUST' | 'SHOULD';
  readonly group: string;
  readonly title: string;
  readonly change: Change;
  /** Absent when the report does not have the requirement at all. */
  readonly first?: ComparedVerdict;
  readonly second?: ComparedVerdict;
  /** Failures, by signature, that only one of them shows: the cases that tell them apart. */
  readonly onlyFirst: readonly ReportFinding[];
  readonly onlySecond: readonly ReportFinding[];
  /** What the second saw once and not again, where that leaves the requirement open. */
  readonly doubts: readonly ReportFinding[];
}

/** Two reports side by side. */
export interface Comparison {
  readonly comparison: typeof comparisonVersion;
  readonly first: ComparedReport;
  readonly second: ComparedReport;
  /** The names of what was not the same for both, so that a difference need not be the agents'. */
  readonly unlike: readonly UnlikeField[];
  /** Those of them that make the same number another case in each; empty: the cases are the same. */
  readonly otherCases: readonly UnlikeField[];
  /** In the catalogue's order, as the reports have it. */
  readonly requirements: readonly ComparedRequirement[];
}

/** What has to be equal for a comparison of agents alone, and how it is read from a report. */
const likeFields = {
  suiteVersion: (report) => report.suiteVersion,
  catalogueRevision: (report) => report.catalogueRevision,
  world: (report) => report.world,
  runtime: (report) => report.runtime,
  seed: (report) => report.seed,
  suites: (report) => report.suites,
  cases: (report) => report.cases,
  interrupted: (report) => report.interrupted,
  // Plans pick sources by their place.
  sources: (report) => report.agent.sources,
  features: (report) => [...report.agent.features].sort(),
  timings: (report) => report.agent.timings,
  sharesAgent: (report) => report.sharesAgent === true,
  repeatedCases: (report) => report.repeatedCases,
  savedCases: (report) => report.savedCases?.map(({ plan }) => plan),
} as const satisfies Readonly<Record<string, (report: Report) => unknown>>;
export type UnlikeField = keyof typeof likeFields;

/** What the plan with a certain number depends on; see `explore/generate-case.ts`. */
const caseFields: ReadonlySet<UnlikeField> = new Set<UnlikeField>([
  'suiteVersion',
  'world',
  'seed',
  'suites',
  'sources',
  'features',
  'timings',
  'sharesAgent',
  'repeatedCases',
  'savedCases',
]);

export interface ReportInFolder {
  readonly directory: string;
  readonly report: Report;
}

/** Compares the second report with the first. */
export function compareReports(first: ReportInFolder, second: ReportInFolder): Comparison {
  const verdictsOfFirst = new Map(first.report.verdicts.map((verdict) => [verdict.requirement, verdict]));
  const verdictsOfSecond = new Map(second.report.verdicts.map((verdict) => [verdict.requirement, verdict]));
  const identifiers = new Set([...verdictsOfFirst.keys(), ...verdictsOfSecond.keys()]);
  const unlike = (Object.keys(likeFields) as UnlikeField[]).filter((field) =>
    differs(field, first.report, second.report),
  );
  return {
    comparison: comparisonVersion,
    first: withoutVerdicts(first),
    second: withoutVerdicts(second),
    unlike,
    otherCases: unlike.filter((field) => caseFields.has(field)),
    requirements: [...identifiers].map((requirement) =>
      compareVerdicts(
        verdictsOfFirst.get(requirement),
        verdictsOfSecond.get(requirement),
        (second.report.flaky ?? []).filter((finding) => finding.requirement === requirement),
      ),
    ),
  };
}

function differs(field: UnlikeField, first: Report, second: Report): boolean {
  const [one, other] = [likeFields[field](first), likeFields[field](second)];
  // What earlier campaigns left behind depends on those, so that equal numbers say nothing.
  if (field === 'repeatedCases') return one !== undefined || other !== undefined;
  return JSON.stringify(one) !== JSON.stringify(other);
}

/** How much a verdict says against the agent; those that say nothing about it have no rank. */
const ranks: Readonly<Record<VerdictKind, number | undefined>> = {
  pass: 0,
  inconclusive: 1,
  fail: 2,
  'not exercised': undefined,
  'not applicable': undefined,
};

function compareVerdicts(
  first: ReportVerdict | undefined,
  second: ReportVerdict | undefined,
  seenOnce: readonly ReportFinding[],
): ComparedRequirement {
  const { requirement, level, group, title } = (second ?? first)!;
  const onlyFirst = findingsWithout(first, second);
  const onlySecond = findingsWithout(second, first);
  return {
    requirement,
    level,
    group,
    title,
    change: changeOf(
      { rank: rankOf(first), hasOwn: onlyFirst.length > 0 },
      { rank: rankOf(second), hasOwn: onlySecond.length > 0 },
    ),
    ...(first === undefined ? {} : { first: verdictOf(first) }),
    ...(second === undefined ? {} : { second: verdictOf(second) }),
    onlyFirst,
    onlySecond,
    doubts: second?.verdict === 'inconclusive' ? seenOnce : [],
  };
}

interface Standing {
  readonly rank: number | undefined;
  /** It fails in a way in which the other does not. */
  readonly hasOwn: boolean;
}

function changeOf(first: Standing, second: Standing): Change {
  // A failure counts whatever the other report could tell.
  if (second.hasOwn) return 'worse';
  if (first.rank === undefined && second.rank === undefined) return 'same';
  if (second.rank === undefined) return 'lost';
  if (first.rank === undefined) return 'gained';
  if (second.rank !== first.rank) return second.rank > first.rank ? 'worse' : 'better';
  return first.hasOwn ? 'better' : 'same';
}

function rankOf(verdict: ReportVerdict | undefined): number | undefined {
  return verdict === undefined ? undefined : ranks[verdict.verdict];
}

function verdictOf({ verdict, exercised, reason }: ReportVerdict): ComparedVerdict {
  return { verdict, exercised, ...(reason === undefined ? {} : { reason }) };
}

function findingsWithout(
  own: ReportVerdict | undefined,
  other: ReportVerdict | undefined,
): readonly ReportFinding[] {
  const signatures = new Set(other?.findings.map((finding) => finding.signature));
  return (own?.findings ?? []).filter((finding) => !signatures.has(finding.signature));
}

function withoutVerdicts({ directory, report }: ReportInFolder): ComparedReport {
  const { verdicts: _verdicts, knownFailing: _known, flaky: _flaky, warnings: _warnings, ...rest } = report;
  return { directory, ...rest };
}
