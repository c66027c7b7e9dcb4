import { canonicalJson, sha256 } from '../core/hash.js';
import type { Plan } from '../spec/plan.js';

/** Answers whether a plan still fails in the same way; knows the answers it has given. */
export interface Probe {
  /** True when the plan fails with the signature. False also when the budget is used up. */
  fails(plan: Plan): Promise<boolean>;
  /** How many plans were executed. */
  readonly executions: number;
  /** True once an answer was refused for want of budget. */
  readonly exhausted: boolean;
}

export function createProbe(options: {
  readonly signature: string;
  /** Executes a plan; resolves to the signatures that it fails with. */
  readonly run: (plan: Plan) => Promise<ReadonlySet<string>>;
  /** The most executions. */
  readonly budget: number;
}): Probe {
  const known = new Map<string, boolean>();
  let executions = 0;
  let exhausted = false;
  return {
    get executions() {
      return executions;
    },
    get exhausted() {
      return exhausted;
    },
    async fails(plan) {
      const key = sha256(canonicalJson(plan));
      const answer = known.get(key);
      if (answer !== undefined) return answer;
      if (executions >= options.budget) {
        exhausted = true;
        return false;
      }
      executions++;
      const fails = (await options.run(plan)).has(options.signature);
      known.set(key, fails);
      return fails;
    },
  };
}
