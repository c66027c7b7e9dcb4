import { requirements, type RequirementId } from '../spec/requirements.js';
import { stillMoving, type Verdict, type VerdictKind } from '../spec/verdict.js';

/** What many judgements together say of one requirement, without the findings. */
export interface TallyEntry {
  exercised: number;
  /** Judgements that it passed. One that could not decide says nothing against those that could. */
  passed: number;
  failed: number;
  inconclusive: number;
  /** Judgements of runs that were still moving at their deadline, which say nothing of it. */
  unsettled: number;
  applicable: boolean;
  /** Why some plan, with the sources that it gives the agent, could say nothing of it. */
  inapplicable: string | undefined;
  /** Why it was not decided where it applied. */
  reason: string | undefined;
}

/** Adds up judgements; plain data, so that workers can send it. */
export type Tally = Record<string, TallyEntry>;

export function addVerdicts(tally: Tally, verdicts: readonly Verdict[]): void {
  for (const verdict of verdicts) {
    const entry = (tally[verdict.requirement] ??= emptyEntry());
    entry.exercised += verdict.exercised;
    if (verdict.verdict === 'pass') entry.passed++;
    if (verdict.verdict === 'fail') entry.failed++;
    if (verdict.verdict === 'inconclusive') entry.inconclusive++;
    if (verdict.reason === stillMoving) entry.unsettled++;
    if (verdict.verdict === 'not applicable') {
      entry.inapplicable ??= verdict.reason;
    } else {
      entry.applicable = true;
      entry.reason ??= verdict.reason;
    }
  }
}

export function mergeTally(into: Tally, from: Tally): void {
  for (const [requirement, entry] of Object.entries(from)) {
    const sum = (into[requirement] ??= emptyEntry());
    sum.exercised += entry.exercised;
    sum.passed += entry.passed;
    sum.failed += entry.failed;
    sum.inconclusive += entry.inconclusive;
    sum.unsettled += entry.unsettled;
    sum.applicable ||= entry.applicable;
    sum.inapplicable ??= entry.inapplicable;
    sum.reason ??= entry.reason;
  }
}

/** How many runs were still moving at their deadline: the requirement to come to rest is open in each of them. */
export function unsettledOf(tally: Tally): number {
  return tally['QUIET-02']?.unsettled ?? 0;
}

/** The campaign's verdict on each requirement in catalogue order; `failed` names those with findings. */
export function verdictsOf(
  tally: Tally,
  failed: ReadonlySet<RequirementId>,
): { requirement: RequirementId; verdict: VerdictKind; exercised: number; reason?: string }[] {
  return requirements.map(({ id }) => {
    const entry = tally[id] ?? emptyEntry();
    const verdict = verdictOf(entry, failed.has(id));
    const reason = reasonOf(entry, verdict);
    return {
      requirement: id,
      verdict,
      exercised: entry.exercised,
      ...(reason === undefined ? {} : { reason }),
    };
  });
}

function verdictOf(entry: TallyEntry, failed: boolean): VerdictKind {
  if (failed) return 'fail';
  if (!entry.applicable) return entry.inapplicable === undefined ? 'not exercised' : 'not applicable';
  if (entry.passed > 0) return 'pass';
  return entry.inconclusive > 0 ? 'inconclusive' : 'not exercised';
}

function reasonOf(entry: TallyEntry, verdict: VerdictKind): string | undefined {
  if (verdict === 'pass' || verdict === 'fail') return undefined;
  return verdict === 'not applicable' ? entry.inapplicable : entry.reason;
}

function emptyEntry(): TallyEntry {
  return {
    exercised: 0,
    passed: 0,
    failed: 0,
    inconclusive: 0,
    unsettled: 0,
    applicable: false,
    inapplicable: undefined,
    reason: undefined,
  };
}
