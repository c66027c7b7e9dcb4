import type { RequirementId } from '../../harness/spec/requirements.js';
import type { Decisions } from '../agent/decisions.js';
import { referenceDecisions } from '../agent/reference-decisions.js';

/** The reference agent with one defect, which proves that the suite finds it. */
export interface Mutant {
  /** Kebab-case, as in `--agent mutant:<name>`. */
  readonly name: string;
  /** What it does wrong, in one sentence. */
  readonly description: string;
  /** What it breaks: any of these is the right requirement to be caught by. */
  readonly requirements: readonly RequirementId[];
  readonly decisions: Decisions;
}

/** A mutant that decides like the reference agent but for what `defect` says. */
export function mutant(
  name: string,
  description: string,
  requirements: readonly RequirementId[],
  defect: Partial<Decisions>,
): Mutant {
  return { name, description, requirements, decisions: { ...referenceDecisions, ...defect } };
}
