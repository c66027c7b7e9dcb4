import type { StepOutcome } from '../ports/source.js';

/** The step was executed. */
export const applied: StepOutcome = { applied: true };

/** The step makes no sense in the state it met. */
export function noOp(why: string): StepOutcome {
  return { applied: false, why };
}
