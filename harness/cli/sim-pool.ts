import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { ExitCode, HarnessError } from '../core/errors.js';
import type { CasePool } from '../run/campaign.js';
import type { BatchResult } from '../run/case-runner.js';
import type { ReducedCase } from '../run/reduce-case.js';
import type { SimWork, SimWorkerData } from './sim-worker.js';

/** Threads that execute simulated cases. */
export interface SimPool extends CasePool {
  isDeterministic(index: number): Promise<boolean>;
  close(): Promise<void>;
}

/** A thread that gets on beats many times a second, also where cases are large and the machine is slow. */
const blockedMs = 10_000;
const lookPeriodMs = 500;

/** One thread per job, each with the agent loaded once. */
export function createSimPool(data: SimWorkerData, jobs: number): SimPool {
  const here = import.meta.url;
  const isSource = here.endsWith('.ts');
  const pool = new Piscina({
    filename: fileURLToPath(new URL(isSource ? './sim-worker-source.mjs' : './sim-worker.js', here)),
    name: 'work',
    workerData: data,
    minThreads: jobs,
    maxThreads: jobs,
    // Nearly all garbage of a case dies with it: a larger young generation lets it die before it is copied.
    resourceLimits: { maxYoungGenerationSizeMb: 128 },
  });

  async function run<Answer>(work: SimWork, signal?: AbortSignal): Promise<Answer> {
    const watch = watchHeartbeat();
    try {
      return (await pool.run(
        { ...work, heartbeat: watch.counter },
        { signal: signal === undefined ? watch.signal : AbortSignal.any([signal, watch.signal]) },
      )) as Answer;
    } catch (error) {
      if (watch.signal.aborted) throw blocked(work);
      throw isThreadLost(error) ? threadLost(work, error) : error;
    } finally {
      watch.close();
    }
  }

  return {
    // Twice as many as threads: a thread that is done has its next batch at hand.
    width: 2 * jobs,
    runBatch: (first, count, signal) => run<BatchResult>({ do: 'batch', first, count }, signal),
    runPlans: (plans, signal) => run<BatchResult>({ do: 'plans', plans }, signal),
    reduce: (plan, found, shrink, signal) => run<ReducedCase>({ do: 'reduce', plan, found, shrink }, signal),
    asSeen: (plan, found) => run<ReducedCase>({ do: 'asSeen', plan, found }),
    isDeterministic: (index) => run<boolean>({ do: 'deterministic', index }),
    close: () => pool.destroy(),
  };
}

/** Aborts its signal when a thread has begun and its counter stands still. */
function watchHeartbeat(): { readonly counter: Int32Array; readonly signal: AbortSignal; close(): void } {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const controller = new AbortController();
  let seen = 0;
  let stillMs = 0;
  const timer = setInterval(() => {
    const now = Atomics.load(counter, 0);
    stillMs = now === seen && now !== 0 ? stillMs + lookPeriodMs : 0;
    seen = now;
    if (stillMs >= blockedMs) controller.abort();
  }, lookPeriodMs);
  return { counter, signal: controller.signal, close: () => clearInterval(timer) };
}

/** The thread has ended under the case: the agent ended it, or used up its memory. */
function isThreadLost(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === 'ERR_WORKER_OUT_OF_MEMORY' || String(message).startsWith('worker exited with code');
}

function threadLost(work: SimWork, cause: unknown): HarnessError {
  const isMemory = (cause as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY';
  return new HarnessError({
    code: 'agent-ended-thread',
    message: isMemory
      ? 'The agent used up the memory of its thread.'
      : 'The thread that the agent ran in has ended.',
    exitCode: ExitCode.inconclusive,
    expected: 'an agent that keeps no more than it needs and leaves the process alone',
    got: `no end of ${workWords(work)}`,
    hint: 'Look for a list that only grows, and for process.exit or process.abort.',
    cause,
  });
}

function blocked(work: SimWork): HarnessError {
  return new HarnessError({
    code: 'agent-blocks',
    message: `The agent did not give the thread back within ${blockedMs / 1_000} s.`,
    exitCode: ExitCode.inconclusive,
    expected: 'an agent that awaits its ports, so that virtual time can go on',
    got: `no end of ${workWords(work)}`,
    hint: 'Look for an endless loop without an await on a port or a timer.',
  });
}

function workWords(work: SimWork): string {
  switch (work.do) {
    case 'batch':
      return `cases ${work.first} to ${work.first + work.count - 1}`;
    case 'plans':
      return 'the cases that failed before';
    case 'deterministic':
      return `case ${work.index}`;
    case 'reduce':
    case 'asSeen':
      return `a case that breaks ${work.found.requirement}`;
  }
}
