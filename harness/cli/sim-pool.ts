import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { ExitCode, HarnessError } from '../core/errors.js';
import type { CasePool } from '../run/campaign.js';
import type { BatchResult, ReducedCase } from '../run/case-runner.js';
import type { SimTask, SimWorkerData } from './sim-worker.js';

/** Threads that execute simulated cases. */
export interface SimPool extends CasePool {
  isDeterministic(index: number): Promise<boolean>;
  close(): Promise<void>;
}

/** A batch that takes longer means that the agent never gives the thread back. */
const taskTimeoutMs = 120_000;

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

  async function run<Answer>(task: SimTask, signal?: AbortSignal): Promise<Answer> {
    const timeout = AbortSignal.timeout(taskTimeoutMs);
    try {
      return (await pool.run(task, {
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      })) as Answer;
    } catch (error) {
      if (timeout.aborted) throw blocked(task);
      throw error;
    }
  }

  return {
    // Twice as many as threads: a thread that is done has its next batch at hand.
    width: 2 * jobs,
    runBatch: (first, count, signal) => run<BatchResult>({ do: 'batch', first, count }, signal),
    runPlans: (plans, signal) => run<BatchResult>({ do: 'plans', plans }, signal),
    reduce: (plan, found, shrink, signal) => run<ReducedCase>({ do: 'reduce', plan, found, shrink }, signal),
    asFound: (plan, found) => run<ReducedCase>({ do: 'asFound', plan, found }),
    isDeterministic: (index) => run<boolean>({ do: 'deterministic', index }),
    close: () => pool.destroy(),
  };
}

function blocked(task: SimTask): HarnessError {
  return new HarnessError({
    code: 'agent-blocks',
    message: `The agent did not give the thread back within ${taskTimeoutMs / 1_000} s.`,
    exitCode: ExitCode.inconclusive,
    expected: 'an agent that awaits its ports, so that virtual time can go on',
    got:
      task.do === 'batch'
        ? `no end of cases ${task.first} to ${task.first + task.count - 1}`
        : `no end of ${task.do}`,
    hint: 'Look for an endless loop without an await on a port or a timer.',
  });
}
