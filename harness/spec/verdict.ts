import type { RequirementId } from './requirements.js';

/** The reason of verdicts on requirements that nothing checks so far. */
export const noCheckYet = 'no check yet';

/** The reason of verdicts on what a run would have come to that was still moving at its deadline. */
export const stillMoving = 'still changing at the deadline';

/** One violation, as an oracle found it. */
export interface Finding {
  readonly requirement: RequirementId;
  /** Whom it is about; see {@link Subject}. */
  readonly subject: Subject;
  /** One sentence each, without the requirement's identifier. */
  readonly expected: string;
  readonly seen: string;
  /** When the violation was complete, in milliseconds of the run. */
  readonly atMs: number;
  /** `seq` of the trace events that show it, oldest first. */
  readonly events: readonly number[];
}

/** The thing a finding is about. `role` goes into the signature, so it must not name a particular pod. */
export interface Subject {
  /** For example `static pod`, `api pod`, `container`, `source http`, `agent`. */
  readonly role: string;
  /** Full name, container name, sandbox id …: for the reader. */
  readonly name: string;
}

/** Two failures are the same when their signatures are: requirement and role, never names or times. */
export function signatureOf(finding: Finding): string {
  return `${finding.requirement} · ${finding.subject.role}`;
}

export type VerdictKind = 'pass' | 'fail' | 'inconclusive' | 'not exercised' | 'not applicable';

/** What a run or a campaign says of one requirement. */
export interface Verdict {
  readonly requirement: RequirementId;
  readonly verdict: VerdictKind;
  /** How often the requirement's precondition was reached. */
  readonly exercised: number;
  readonly findings: readonly Finding[];
  /** Why it is not applicable or inconclusive. */
  readonly reason?: string;
}
