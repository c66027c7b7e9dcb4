import { createReferenceAgent, referenceFeatures } from '../../fakes/agent/reference-agent.js';
import type { Decisions } from '../../fakes/agent/decisions.js';
import { referenceDecisions } from '../../fakes/agent/reference-decisions.js';
import { generateCase } from '../../harness/explore/generate-case.js';
import { checkPlan, type CheckedPlan } from '../../harness/run/check-plan.js';
import type { Plan } from '../../harness/spec/plan.js';
import { sourceKinds } from '../../harness/spec/pod.js';
import { fastTimings } from '../../harness/spec/timings.js';
import { suites } from '../../suites/index.js';

const profile = {
  name: 'reference',
  sources: sourceKinds,
  features: referenceFeatures,
  timings: fastTimings,
};

/** What all generated cases of the benchmark have in common. */
export const generation = { sources: sourceKinds, profile: 'sim', features: referenceFeatures } as const;

/** Executes a plan against the reference agent, or one with other decisions, and judges it. */
export function check(plan: Plan, decisions: Decisions = referenceDecisions): Promise<CheckedPlan> {
  return checkPlan({ plan, createAgent: (ports) => createReferenceAgent(ports, decisions), profile });
}

/** The case of this number, of all suites. */
export function planOf(seed: string, index: number): Plan {
  return generateCase({ suites, seed, index, options: generation });
}

/** How long the work took, in milliseconds of the wall clock and of this process's CPU. */
export async function timed(work: () => Promise<unknown>): Promise<{ wallMs: number; cpuMs: number }> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const wallMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (user + system) / 1_000 };
}

/** The middle one; of an even number the upper of both. */
export function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1]!;
}
