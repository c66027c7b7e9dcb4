import { convergentRequirements } from '../oracles/judge.js';
import { hadCompany, wasTried } from '../report/groups.js';
import type { ReportedFinding, ReportedVerdict } from '../report/result.js';
import type { RequirementId } from '../spec/requirements.js';

/** What an agent that is late may seem to break, and a machine that stood still makes every agent late. */
const timedRequirements: ReadonlySet<RequirementId> = new Set<RequirementId>([
  ...convergentRequirements,
  // A removed pod that starts too late looks like one that came back.
  'FILE-08',
]);

/** What fails so often beside others, and never alone, needs company. */
const failedInCompanyMin = 2;
/** What may have been late has to fail in such a part of the tries: many plans that begin at once make an agent late. */
const lateInCompanyMin = 0.5;

/**
 * Whether it is not certain that the agent did what was seen. What it must never do counts however seldom it does it; what
 * may only have been late has to show again, and what showed beside other plans has to show alone or again and again.
 */
export function isDoubtful(finding: ReportedFinding): boolean {
  const { requirement, reproduces = [] } = finding;
  if (!hadCompany(finding) && !timedRequirements.has(requirement)) return false;
  // In sim any execution is as good as another.
  if (!wasTried(finding)) return hadCompany(finding) || reproduces.some(({ world }) => world === 'live');
  const company = reproduces.find(({ company }) => company === true);
  if (company !== undefined && company.failed >= companyMin(requirement, company.tried)) return false;
  const alone = reproduces.filter(({ company }) => company !== true);
  return alone.some(({ tried }) => tried > 1) && alone.every(({ failed }) => failed === 0);
}

function companyMin(requirement: RequirementId, tried: number): number {
  return timedRequirements.has(requirement)
    ? Math.max(failedInCompanyMin, tried * lateInCompanyMin)
    : failedInCompanyMin;
}

/**
 * A requirement that was seen broken, and maybe was not, neither holds nor fails.
 *
 * @param doubtful what was seen, and may be wrong
 * @param casesOf how many cases showed a signature
 */
export function withDoubts(
  verdict: ReportedVerdict,
  doubtful: readonly ReportedFinding[],
  casesOf: (signature: string) => number,
): ReportedVerdict {
  const doubt = doubtful.find(({ requirement }) => requirement === verdict.requirement);
  if (doubt === undefined || verdict.verdict === 'fail') return verdict;
  const cases = casesOf(doubt.signature);
  const times = cases > 1 ? `in ${cases} cases, one of them ${doubt.case}` : `once, in ${doubt.case}`;
  return { ...verdict, verdict: 'inconclusive', reason: `seen broken ${times}, and ${fate(doubt)}` };
}

function fate(doubt: ReportedFinding): string {
  if (wasTried(doubt)) return 'not again';
  return hadCompany(doubt) ? 'not tried alone' : 'not tried again';
}
