import { workerData } from 'node:worker_threads';
import { suites as allSuites } from '../../suites/index.js';
import type { GenerateOptions } from '../explore/suite.js';
import { createCaseRunner, type BatchResult, type CaseRunner } from '../run/case-runner.js';
import type { ReducedCase } from '../run/reduce-case.js';
import { checkPlan } from '../run/check-plan.js';
import { setHeartbeat } from '../run/heartbeat.js';
import { withVirtualGlobals } from '../run/virtual-globals.js';
import type { Plan } from '../spec/plan.js';
import type { Finding } from '../spec/verdict.js';
import { loadAgent, type ModuleReference } from './load-agent.js';

/** What each thread is told when it begins. */
export interface SimWorkerData {
  readonly agent: ModuleReference;
  readonly suites: readonly string[];
  readonly seed: string;
  readonly generate: GenerateOptions;
}

/** What a thread can be asked for. */
export type SimTask = SimWork & {
  /** Counts up while the thread gets on. */
  readonly heartbeat: Int32Array;
};

export type SimWork =
  | { readonly do: 'batch'; readonly first: number; readonly count: number }
  | { readonly do: 'plans'; readonly plans: readonly Plan[] }
  | { readonly do: 'reduce'; readonly plan: Plan; readonly found: Finding; readonly shrink: boolean }
  | { readonly do: 'asSeen'; readonly plan: Plan; readonly found: Finding }
  | { readonly do: 'deterministic'; readonly index: number };

export type SimAnswer = BatchResult | ReducedCase | boolean;

/** Plenty for a plan of a few dozen steps, and over within seconds. */
const reduceExecutionsMax = 2_000;

/** An agent with hidden inputs shows itself by failing once and not again. */
const repeats = 2;

let runner: Promise<CaseRunner> | undefined;

async function createRunner(): Promise<CaseRunner> {
  // Piscina wraps what it is given: [its own data, ours].
  const data = (Array.isArray(workerData) ? workerData[1] : workerData) as SimWorkerData;
  const loaded = await loadAgent(data.agent);
  // What an agent prints must not end up in the midst of the report.
  if (loaded.usesGlobals) process.stdout.write = process.stderr.write.bind(process.stderr);
  const createAgent = loaded.usesGlobals ? withVirtualGlobals(loaded.createAgent) : loaded.createAgent;
  return createCaseRunner({
    check: (plan, until) =>
      checkPlan({
        plan,
        createAgent,
        profile: loaded.profile,
        ownsStrayErrors: loaded.usesGlobals,
        until,
      }),
    reduceExecutionsMax,
    repeats,
    suites: allSuites.filter((suite) => data.suites.includes(suite.name)),
    seed: data.seed,
    generate: data.generate,
  });
}

/** The thread's entry point, called by the pool. */
export async function work(task: SimTask): Promise<SimAnswer> {
  setHeartbeat(task.heartbeat);
  runner ??= createRunner();
  const ready = await runner;
  switch (task.do) {
    case 'batch':
      return ready.runBatch(task.first, task.count);
    case 'plans':
      return ready.runPlans(task.plans);
    case 'reduce':
      return ready.reduce(task.plan, task.found, task.shrink);
    case 'asSeen':
      return ready.asSeen(task.plan, task.found);
    case 'deterministic':
      return ready.isDeterministic(task.index);
  }
}
