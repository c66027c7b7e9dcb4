import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../core/clock.js';
import { ExitCode, HarnessError } from '../core/errors.js';
import type { GenerateOptions, Suite } from '../explore/suite.js';
import { createJudge } from '../oracles/judge.js';
import type { RuntimeBackend, RuntimeObserver } from '../ports/runtime.js';
import { ensureReaper, type Reaper } from '../runtimes/leftovers/reaper.js';
import { sweepLeftovers } from '../runtimes/leftovers/sweep-leftovers.js';
import type { CasePool } from '../run/campaign.js';
import { createCaseRunner, type CaseRunner } from '../run/case-runner.js';
import type { CheckedPlan } from '../run/check-plan.js';
import { executeLive, type LiveRunOptions } from '../run/execute-live.js';
import { withRunDirectory } from '../run/run-directory.js';
import type { Plan } from '../spec/plan.js';
import { criEndpoint, runtimeChoices } from '../spec/runtime-choice.js';
import { createLaneGate } from './lane-gate.js';
import type { Target } from './target.js';

export interface LivePoolOptions {
  readonly target: Target;
  readonly suites: readonly Suite[];
  readonly seed: string;
  readonly generate: GenerateOptions;
  /** Cases that run side by side, each with an agent of its own. */
  readonly lanes: number;
}

/** Cases against real processes, and what watches over what they leave behind. */
export interface LivePool extends CasePool {
  /** Removes what a killed run left behind, and sees to it that somebody does if this one is killed. */
  open(): Promise<void>;
  close(): void;
}

/** Against real processes an execution takes seconds: a reduction has to do with few. */
const reduceExecutionsMax = 60;
/** A final case is tried again so often, to say how often it fails. */
const repeats = 3;

/** Real containers take a tenth of a second to start, and on a busy machine some seconds. */
const realRuntimeDeadlineMs = 30_000;

/** Executes cases side by side in this process; every case has its own agent, sources and runtime. */
export function createLivePool(options: LivePoolOptions): LivePool {
  const seen = new WeakMap<Plan, CheckedPlan>();
  const gate = createLaneGate();
  let reaper: Reaper | undefined;
  /** Cases whose agent has been started and has not been heard of. */
  let awaiting = 0;
  const runnerFor = (signal: AbortSignal): CaseRunner =>
    createCaseRunner({
      check(plan) {
        // Reductions go on until something fails, and nobody waits for their result any more.
        signal.throwIfAborted();
        return checkLive(plan, options.target, {
          signal,
          onAwaitingAgent: (awaits) => (awaiting += awaits ? 1 : -1),
        });
      },
      suites: options.suites,
      seed: options.seed,
      generate: options.generate,
      reduceExecutionsMax,
      repeats,
      alone: (work) => gate.alone(work),
      seen,
    });
  return {
    width: options.lanes,
    runBatch: (first, count, signal) => gate.shared(() => runnerFor(signal).runBatch(first, count)),
    runPlans: (plans, signal) => gate.shared(() => runnerFor(signal).runPlans(plans)),
    reduce: (plan, found, shrink, signal) => runnerFor(signal).reduce(plan, found, shrink),
    // What was seen is at hand; whatever is not is not worth starting another agent for.
    asSeen: (plan, found) => runnerFor(AbortSignal.abort()).asSeen(plan, found),
    awaits: () => (awaiting > 0 ? 'waiting for the first runtime call of the agent' : undefined),
    async open() {
      await sweepLeftovers({ docker: false });
      reaper = ensureReaper();
    },
    close: () => reaper?.dismiss(),
  };
}

/** Runs `work` under the eyes of the process that cleans up if this one is killed. */
export async function withReaper<Result>(work: () => Promise<Result>): Promise<Result> {
  await sweepLeftovers({ docker: false });
  const reaper = ensureReaper();
  try {
    return await work();
  } finally {
    reaper.dismiss();
  }
}

/** One plan against the target's process, judged. */
export async function checkLive(
  plan: Plan,
  target: Target,
  more: Pick<LiveRunOptions, 'signal' | 'attach' | 'onAwaitingAgent'> = {},
): Promise<CheckedPlan> {
  return withRunDirectory(async (directory) => {
    let judge: ReturnType<typeof createJudge> | undefined;
    const outcome = await executeLive({
      plan,
      driver: target.driver!,
      directory,
      makeBackend: (observer, clock, onFailure) =>
        makeBackend(target.runtime, { observer, clock, directory, onFailure }),
      onEvent(event) {
        if (event.kind === 'run.started') judge = createJudge(event);
        judge!.onEvent(event);
      },
      ...(target.runtime === 'memory' ? {} : { callDeadlineMinMs: realRuntimeDeadlineMs }),
      ...more,
      ...(target.readyTimeoutMs === undefined ? {} : { readyTimeoutMs: target.readyTimeoutMs }),
    });
    const judgement = judge!.end();
    return { outcome, judgement, findings: judgement.verdicts.flatMap((verdict) => verdict.findings) };
  });
}

async function makeBackend(
  runtime: string,
  run: {
    observer: RuntimeObserver;
    clock: Clock;
    directory: string;
    onFailure: (error: HarnessError) => void;
  },
): Promise<RuntimeBackend> {
  const { observer, clock } = run;
  if (runtime === 'memory') {
    const { createMemoryBackend } = await import('../runtimes/memory/memory-backend.js');
    const { createStreamingServer } = await import('../runtimes/streaming/streaming-server.js');
    return createMemoryBackend({
      clock,
      observer,
      epochMs: Date.now() - clock.now(),
      writeLog: (path, line) => appendLog(path, `${line}\n`),
      openLog: (path) => appendLog(path, ''),
      streaming: createStreamingServer(),
    });
  }
  const real = { runId: run.directory.split('/').at(-1)!, observer, onFailure: run.onFailure };
  if (runtime === 'docker') {
    const { createDockerBackend } = await import('../runtimes/docker/docker-backend.js');
    return createDockerBackend(real);
  }
  const endpoint = criEndpoint(runtime);
  if (endpoint === undefined) throw runtimeUnknown(runtime);
  const { createCriBackend } = await import('../runtimes/cri/cri-backend.js');
  return createCriBackend({ ...real, endpoint });
}

/** The command line takes no other; a case file may name one. */
function runtimeUnknown(runtime: string): HarnessError {
  return new HarnessError({
    code: 'runtime-unknown',
    message: `There is no runtime ${runtime}.`,
    exitCode: ExitCode.usage,
    expected: runtimeChoices,
    got: runtime,
    hint: 'Give one with --runtime.',
  });
}

function appendLog(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, text, { mode: 0o640 });
}
