import { findRequirement } from '../spec/requirements.js';
import type { VerdictKind } from '../spec/verdict.js';
import { laneEnding } from '../trace/lane-ending.js';
import type { CampaignResult, ReportedFinding, ReportedVerdict, Reproduction } from './result.js';
import { count } from './words.js';

export interface VerdictGroup {
  readonly name: string;
  readonly verdicts: readonly ReportedVerdict[];
}

/** The verdicts by the catalogue's groups, both in the order in which they come. */
export function verdictGroups(verdicts: readonly ReportedVerdict[]): VerdictGroup[] {
  const groups = new Map<string, ReportedVerdict[]>();
  for (const verdict of verdicts) {
    const name = findRequirement(verdict.requirement)?.group ?? 'Other';
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [verdict]);
    else group.push(verdict);
  }
  return [...groups].map(([name, members]) => ({ name, verdicts: members }));
}

/** The order in which verdicts are counted and shown. */
export const verdictKinds: readonly VerdictKind[] = [
  'fail',
  'inconclusive',
  'pass',
  'not exercised',
  'not applicable',
];

export function countVerdicts(verdicts: readonly ReportedVerdict[]): Record<VerdictKind, number> {
  const counts = { fail: 0, inconclusive: 0, pass: 0, 'not exercised': 0, 'not applicable': 0 };
  for (const verdict of verdicts) counts[verdict.verdict] += 1;
  return counts;
}

/** One line about something that was just found. */
export function foundWords(finding: ReportedFinding): string {
  const { requirement, expected, seen, reproduces = [], steps } = finding;
  const isCertain = reproduces.some(({ failed }) => failed > 0);
  const untold = wasTried(finding) ? 'not seen again' : 'not tried again yet';
  const again = isCertain ? count(steps, 'step') : untold;
  return `${requirement}: ${expected} Seen: ${seen} (${again})`;
}

/** Whether it was executed again after it had been seen. */
export function wasTried({ reproduces = [] }: ReportedFinding): boolean {
  return reproduces.some(({ tried }) => tried > 0);
}

/** Whether other plans shared the agent in an execution that showed it, or in one that was to show it again. */
export function hadCompany(finding: ReportedFinding): boolean {
  return laneOf(finding) !== undefined || (finding.reproduces ?? []).some(({ company }) => company === true);
}

/** Why the names in what happened differ from those in the plan, where they do. */
export function laneWords(finding: ReportedFinding): string | undefined {
  const lane = laneOf(finding);
  return lane === undefined
    ? undefined
    : `In an agent that can be shared, the namespaces of this plan end in ${laneEnding(lane)}.`;
}

function laneOf({ trace }: ReportedFinding): number | undefined {
  const start = trace?.[0];
  return start?.kind === 'run.started' ? start.lane : undefined;
}

/** What became of something that was seen once. */
export function doubtWords(finding: ReportedFinding): string {
  const { reproduces = [] } = finding;
  const tries = (beside: boolean): number =>
    reproduces.reduce((sum, { company, tried }) => sum + ((company === true) === beside ? tried : 0), 0);
  const [alone, beside] = [tries(false), tries(true)];
  if (alone + beside === 0) {
    return hadCompany(finding)
      ? 'Seen beside other plans, and not tried alone before the campaign ended'
      : 'Not tried again before the campaign ended';
  }
  const failedBeside = reproduces.find(({ company }) => company === true)?.failed ?? 0;
  const more = beside === 0 ? '' : `, and in ${failedBeside} of ${beside} beside other plans`;
  return `Not again in ${alone} executions alone${more}`;
}

/** Where a case was tried and how often it failed there, in words. */
export function reproductionWords({ world, runtime, company, failed, tried }: Reproduction): string {
  const where = `${world}, ${runtime} runtime${company === true ? ', beside other plans' : ''}`;
  return `${where}: failed in ${failed} of ${tried}`;
}

/** What replaying a case that needs company is good for. */
export const companyNeeded = 'It fails only beside other plans in the same agent; its replay alone passes.';

/** Whether it failed beside other plans again and again, and never alone. */
export function needsCompany({ reproduces = [] }: ReportedFinding): boolean {
  const isSeen = reproduces.some(({ company, failed }) => company === true && failed > 0);
  return isSeen && reproduces.every(({ company, failed }) => company === true || failed === 0);
}

/** All that has a case of its own: findings, and what was seen once only. */
export function allCases(result: Pick<CampaignResult, 'verdicts' | 'flaky'>): ReportedFinding[] {
  return [...allFindings(result), ...(result.flaky ?? [])];
}

/** All findings of a campaign in catalogue order. */
export function allFindings(result: Pick<CampaignResult, 'verdicts'>): ReportedFinding[] {
  return result.verdicts.flatMap((verdict) => verdict.findings);
}
