import { planHash } from '../spec/plan-hash.js';
import type { Plan } from '../spec/plan.js';

/** Answers whether a plan still fails in the same way; knows the answers it has given. */
export interface Probe {
  /** True when the plan fails with the signature. False also when the budget is used up, or it could not be tried. */
  fails(plan: Plan): Promise<boolean>;
  /**
   * The first of the candidates, in their order, that fails, and its place among them. Several are tried at once
   * where there is room, but which one it is depends on their order alone. They are made only as they are tried.
   */
  firstFailing(
    candidates: Iterable<Plan>,
  ): Promise<{ readonly plan: Plan; readonly index: number } | undefined>;
  /** Begins to find out about plans that are likely to be asked about, where there is room. */
  foresee(plans: Iterable<Plan>): void;
  /** How many plans were executed. */
  readonly executions: number;
  /** True once an answer was refused for want of budget. */
  readonly exhausted: boolean;
  /** How often a plan could not be tried; it is tried anew when it is asked about again. */
  readonly untried: number;
}

export interface ProbeOptions {
  readonly signature: string;
  /** Executes a plan; resolves to the signatures that it fails with, or to undefined when it could not be tried. */
  readonly run: (plan: Plan) => Promise<ReadonlySet<string> | undefined>;
  /** The most executions. */
  readonly budget: number;
  /** How many are tried at once. Default 1. */
  readonly width?: number | undefined;
  /** True once nothing more may be begun. */
  readonly isOver?: (() => boolean) | undefined;
}

export function createProbe(options: ProbeOptions): Probe {
  const { width = 1, isOver = () => false } = options;
  const known = new Map<string, Promise<boolean>>();
  let executions = 0;
  let exhausted = false;
  let untried = 0;

  function fails(plan: Plan): Promise<boolean> {
    const key = planHash(plan);
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    if (executions >= options.budget || isOver()) {
      exhausted = true;
      return Promise.resolve(false);
    }
    executions++;
    const asked = options.run(plan).then((signatures) => {
      if (signatures !== undefined) return signatures.has(options.signature);
      untried++;
      known.delete(key);
      return false;
    });
    // Whoever asks hears of it; an answer that nobody waits for any more is lost without harm.
    asked.catch(() => {});
    known.set(key, asked);
    return asked;
  }

  return {
    get executions() {
      return executions;
    },
    get exhausted() {
      return exhausted;
    },
    get untried() {
      return untried;
    },
    fails,
    async firstFailing(candidates) {
      const source = candidates[Symbol.iterator]();
      const underWay: { readonly plan: Plan; readonly answer: Promise<boolean> }[] = [];
      for (let index = 0; ; index++) {
        while (underWay.length < width) {
          const next = source.next();
          if (next.done === true) break;
          underWay.push({ plan: next.value, answer: fails(next.value) });
        }
        const head = underWay.shift();
        if (head === undefined) return undefined;
        if (await head.answer) return { plan: head.plan, index };
      }
    },
    foresee(plans) {
      if (width === 1) return;
      for (const plan of plans) void fails(plan).catch(() => {});
    },
  };
}
