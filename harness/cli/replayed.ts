import type { CheckedPlan } from '../run/check-plan.js';
import { whyUndecided } from '../run/why-undecided.js';
import { signatureOf } from '../spec/verdict.js';

/** The execution that says most of a case that is replayed. */
export interface Replayed {
  readonly checked: CheckedPlan;
  /** Why it has not been decided whether the case still fails, unless it does. */
  readonly undecided?: string | undefined;
}

/**
 * A case that may have been found in a shared agent is executed alone and, unless it shows there, in an agent that runs
 * already. What shows the failure that was saved says most, then what shows any.
 */
export function sayingMost(signature: string, alone: CheckedPlan, shared: CheckedPlan): Replayed {
  if (shows(shared, signature)) return { checked: shared };
  const showsMore = alone.findings.length === 0 && shared.findings.length > 0;
  return { checked: showsMore ? shared : alone, undecided: openReasonOf(alone) ?? openReasonOf(shared) };
}

export function openReasonOf({ outcome }: CheckedPlan): string | undefined {
  return whyUndecided(outcome.events);
}

export function shows({ findings }: CheckedPlan, signature: string): boolean {
  return findings.some((finding) => signatureOf(finding) === signature);
}
