import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { isBrief } from '../explore/paces.js';
import type { GenerateOptions, Suite } from '../explore/suite.js';
import { whyAlone } from '../explore/why-alone.js';
import { createJudge, type Judge } from '../oracles/judge.js';
import { ensureReaper, type Reaper } from '../runtimes/leftovers/reaper.js';
import { sweepLeftovers } from '../runtimes/leftovers/sweep-leftovers.js';
import type { CasePool } from '../run/campaign.js';
import { createCaseRunner, type CaseRunner } from '../run/case-runner.js';
import type { CheckedPlan } from '../run/check-plan.js';
import { expectedMs } from '../run/deadlines.js';
import { executeLive, slackMsDefault, type LiveRunOptions } from '../run/execute-live.js';
import { timingsOf, type RunOutcome } from '../run/execute-sim.js';
import { createLanePool, type AgentSetup, type HousedAgent } from '../run/lanes/lane-pool.js';
import { AgentLost, AgentNotReady, startSharedAgent } from '../run/lanes/shared-agent.js';
import { withRunDirectory } from '../run/run-directory.js';
import type { Plan } from '../spec/plan.js';
import { liveTimings, type Timings } from '../spec/timings.js';
import type { TraceListener } from '../trace/journal.js';
import { createLaneGate } from './lane-gate.js';
import { makeBackend } from './make-backend.js';
import { createStartGate } from './start-gate.js';
import type { Target } from './target.js';

export interface LivePoolOptions {
  readonly target: Target;
  readonly suites: readonly Suite[];
  readonly seed: string;
  readonly generate: GenerateOptions;
  /** The most cases at once; absent: as many as the machine and the agent sustain. */
  readonly jobs: number | undefined;
  /** The longest that one failing case is made smaller, in milliseconds; absent: five minutes. */
  readonly shrinkMs?: number | undefined;
  /** Other runtimes in which a final case is tried too. */
  readonly alsoOn?: readonly string[];
  /** Told of each execution, with its trace. */
  readonly onChecked?: (checked: CheckedPlan) => void;
  /** Plans share a running agent where they can. Absent: each has one for itself. */
  readonly sharesAgent?: boolean;
  /** The campaign ends with what is certain first, so that it is looked into at once. */
  readonly bail?: boolean;
}

/** Cases against real processes, and what watches over what they leave behind. */
export interface LivePool extends CasePool {
  /** Removes what a killed run left behind, and sees to it that somebody does if this one is killed. */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** Against real processes an execution takes seconds, so that time is what a reduction runs out of. */
const shrinkMsDefault = 300_000;
const reduceExecutionsMax = 500;
/** Candidates of one reduction that are tried at once, where there are lanes enough. */
const reduceWidthMax = 12;
/** A case is tried again so often, to say how often it fails. */
const repeats = 5;

/** Real containers take a tenth of a second to start, and on a busy machine some seconds. */
const realRuntimeDeadlineMs = 30_000;

/** Most of what lanes do is to wait until nothing changes any more. */
const lanesMaxDefault = 160;
/** Agents that serve one case each wait more than they work, those with long periods most of all. */
const agentsPerCore = { brief: 1, slow: 2 };
/** A kubelet whose periods are a second takes a thirtieth of a core when containers cost nothing. */
const agentsPerCoreInMemory = { brief: 1, slow: 6 };
/** Each kubelet takes several of the inotify instances of its user, of whom most machines give 128. */
const slowAgentsMaxDefault = 16;
/** So many more cases than can run are begun: they are taken in by number, and nobody is to wait for a slow one. */
const windowPerLane = 16;

/**
 * Executes cases in this process: many in lanes of a shared agent, and those that need one for themselves side by
 * side, each with its own agent, sources and runtime.
 */
export function createLivePool(options: LivePoolOptions): LivePool {
  const { target, jobs } = options;
  const seen = new WeakMap<Plan, CheckedPlan>();
  const gate = createLaneGate();
  const isSlow = options.generate.timings !== undefined && !isBrief(options.generate.timings);
  const perCore = target.runtime === 'memory' ? agentsPerCoreInMemory : agentsPerCore;
  const sustained = availableParallelism() * perCore[isSlow ? 'slow' : 'brief'];
  const agents = jobs ?? (isSlow ? Math.min(slowAgentsMaxDefault, sustained) : sustained);
  const lanesMax = jobs ?? lanesMaxDefault;
  const withAgent = pLimit(agents);
  // An agent that many plans share goes on while others start, and is not to wait for them.
  const starting = createStartGate(
    Math.max(1, availableParallelism() - (options.sharesAgent === true ? 1 : 0)),
  );
  let reaper: Reaper | undefined;
  /** Ends when there are no more batches. What needs the machine for itself waits for it where cases take a minute. */
  let endBatches = (): void => {};
  const batches = new Promise<void>((resolve) => (endBatches = resolve));
  /** Agents that have been started and have not been heard of. */
  let awaiting = 0;
  const closing = new AbortController();
  const lanes = createLanePool({
    lanesMax,
    relistMs: (options.generate.timings ?? liveTimings).relistMs,
    setupOf: (plan) => setupOf(plan, target),
    expectedMs: (plan) => expectedMs(plan, setupOf(plan, target).timings),
    startAgent: (setup) => {
      awaiting++;
      return startAgent(setup, target, closing.signal).finally(() => awaiting--);
    },
  });

  function checkAlone(plan: Plan, signal: AbortSignal, until?: string): Promise<CheckedPlan> {
    return starting((onHeard) => {
      signal.throwIfAborted();
      return checkLive(plan, target, {
        signal,
        onAwaitingAgent(awaits) {
          awaiting += awaits ? 1 : -1;
          if (!awaits) onHeard();
        },
        sharesAgent: options.sharesAgent === true,
        until,
      });
    });
  }

  async function check(plan: Plan, signal: AbortSignal, until?: string): Promise<CheckedPlan> {
    // Reductions go on until something fails, and nobody waits for their result any more.
    signal.throwIfAborted();
    if (options.sharesAgent === true && whyAlone(plan) === undefined) {
      const checked = await judged({ signal, until }, (run) =>
        lanes.execute(plan, { ...run, enter: gate.shared }),
      );
      if (checked !== undefined) {
        options.onChecked?.(checked);
        return checked;
      }
    }
    return withAgent(() => gate.shared(() => checkAlone(plan, signal, until)));
  }

  const runnerFor = (signal: AbortSignal): CaseRunner =>
    createCaseRunner({
      check: (plan, until) => check(plan, signal, until),
      checkAlone: (plan, until) => checkAlone(plan, signal, until),
      suites: options.suites,
      seed: options.seed,
      generate: options.generate,
      reduceExecutionsMax,
      reduceMsMax: options.shrinkMs ?? shrinkMsDefault,
      reduceWidth: options.sharesAgent === true ? Math.min(lanesMax, reduceWidthMax) : agents,
      repeats,
      // Those with long periods would take an hour one after the other, and have time enough side by side.
      repeatsAtOnce: isSlow,
      elsewhere: new Map(
        (options.alsoOn ?? []).map((runtime) => [
          runtime,
          (plan: Plan, until?: string) =>
            checkLive(
              plan,
              { ...target, runtime },
              { signal, sharesAgent: options.sharesAgent === true, until },
            ),
        ]),
      ),
      alone: async (work) => {
        if (isSlow && options.bail !== true) await batches;
        return gate.alone(work);
      },
      seen,
      signal,
    });
  return {
    width: windowPerLane * (options.sharesAgent === true ? Math.max(lanesMax, agents) : agents),
    runBatch: (first, count, signal) => runnerFor(signal).runBatch(first, count),
    runPlans: (plans, signal) => runnerFor(signal).runPlans(plans),
    reduce: (plan, found, shrink, signal) => runnerFor(signal).reduce(plan, found, shrink),
    // What was seen is at hand; whatever is not is not worth starting another agent for.
    asSeen: (plan, found) => runnerFor(AbortSignal.abort()).asSeen(plan, found),
    noMoreBatches: () => endBatches(),
    awaits: () => (awaiting > 0 ? 'waiting for the first runtime call of the agent' : undefined),
    warnings: () => lossWarnings(lanes.losses()),
    async open() {
      await sweepLeftovers({ docker: false });
      reaper = ensureReaper();
    },
    async close() {
      closing.abort();
      await lanes.close();
      reaper?.dismiss();
    },
  };
}

/** An agent may end for want of something that only many plans at once take: alone nothing would be seen of it. */
function lossWarnings([first, ...others]: readonly string[]): string[] {
  if (first === undefined) return [];
  const times = others.length === 0 ? 'once' : `${others.length + 1} times`;
  return [
    `The agent ended on its own ${times} while plans shared it. Those plans were executed again, which says nothing of ` +
      `why it ended. The first time: ${first}`,
  ];
}

/** What the agent that executes this plan is started with: all of its sources, so that one agent serves all plans. */
function setupOf(plan: Plan, { driver, runtime }: Target): AgentSetup {
  const { profile } = driver!;
  return { kinds: profile.sources, timings: withCallDeadline(timingsOf(plan, profile), runtime) };
}

function withCallDeadline(timings: Timings, runtime: string): Timings {
  if (runtime === 'memory') return timings;
  return { ...timings, callDeadlineMs: Math.max(timings.callDeadlineMs, realRuntimeDeadlineMs) };
}

/** An agent for many plans, in a directory of its own that lasts as long as it does. */
function startAgent(setup: AgentSetup, target: Target, signal?: AbortSignal): Promise<HousedAgent> {
  return new Promise((resolve, reject) => {
    const housed = withRunDirectory(async (directory) => {
      const agent = await startSharedAgent({
        ...setup,
        driver: target.driver!,
        directory,
        makeBackend: (observer, clock, onFailure) =>
          makeBackend(target, { observer, clock, directory, onFailure }),
        readyTimeoutMs: target.readyTimeoutMs,
        signal,
      });
      await new Promise<void>((end) => {
        resolve({
          agent,
          async close() {
            end();
            await housed;
          },
        });
      });
      await agent.close();
    });
    housed.catch(reject);
  });
}

/** What an execution is handed that is judged while it happens. */
interface JudgedRun {
  readonly onEvent: TraceListener;
  /** Aborted when the campaign ends, or the execution has shown what is asked of it. */
  readonly signal: AbortSignal;
}

/** Judges an execution while it happens, and ends it once it has failed with the signature `until`, if that is given. */
async function judged<Outcome extends RunOutcome | undefined>(
  { signal, until }: { readonly signal: AbortSignal | undefined; readonly until: string | undefined },
  execute: (run: JudgedRun) => Promise<Outcome>,
): Promise<CheckedPlan | Extract<Outcome, undefined>> {
  let judge: Judge | undefined;
  const ending = new AbortController();
  const end = (): void => ending.abort(signal?.reason);
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted === true) end();
  const outcome = await execute({
    signal: ending.signal,
    onEvent(event) {
      // A plan that lost its agent begins again.
      if (event.kind === 'run.started') judge = createJudge(event);
      judge!.onEvent(event);
      // Whoever reported the event is to finish with it first.
      if (until !== undefined && judge!.hasFailed(until)) queueMicrotask(end);
    },
  }).finally(() => signal?.removeEventListener('abort', end));
  if (outcome === undefined) return undefined as Extract<Outcome, undefined>;
  const judgement = judge!.end();
  return { outcome, judgement, findings: judgement.verdicts.flatMap((verdict) => verdict.findings) };
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

type CheckLiveOptions = Pick<LiveRunOptions, 'signal' | 'attach' | 'onAwaitingAgent'> & {
  /** See `LivePoolOptions.sharesAgent`. */
  readonly sharesAgent?: boolean;
  /** See `CheckOptions.until`. */
  readonly until?: string | undefined;
};

/**
 * One plan against the target's process with nobody beside it, judged. Where agents are shared, a plan that could have
 * company begins as it would there: in an agent that runs already and was shown its sources. All others begin with the start of the agent.
 */
export async function checkLive(
  plan: Plan,
  target: Target,
  { sharesAgent = false, signal, until, ...more }: CheckLiveOptions = {},
): Promise<CheckedPlan> {
  if (sharesAgent && more.attach === undefined && whyAlone(plan) === undefined) {
    const checked = await judged({ signal, until }, (run) =>
      executeInOnlyLane(plan, target, { ...more, ...run }),
    );
    if (checked !== undefined) return checked;
  }
  return withRunDirectory((directory) =>
    judged({ signal, until }, (run) =>
      executeLive({
        plan,
        driver: target.driver!,
        directory,
        makeBackend: (observer, clock, onFailure) =>
          makeBackend(target, { observer, clock, directory, onFailure }),
        ...run,
        ...(target.runtime === 'memory' ? {} : { callDeadlineMinMs: realRuntimeDeadlineMs }),
        ...more,
        ...(target.readyTimeoutMs === undefined ? {} : { readyTimeoutMs: target.readyTimeoutMs }),
      }),
    ),
  );
}

/** Undefined when the agent cannot be shared, or ended: what an agent that ends does wrong shows only without lanes. */
async function executeInOnlyLane(
  plan: Plan,
  target: Target,
  { onEvent, signal, onAwaitingAgent }: Pick<LiveRunOptions, 'onEvent' | 'signal' | 'onAwaitingAgent'>,
): Promise<RunOutcome | undefined> {
  let housed: HousedAgent | undefined;
  onAwaitingAgent?.(true);
  try {
    housed = await startAgent(setupOf(plan, target), target, signal);
  } catch (error) {
    if (error instanceof AgentNotReady || error instanceof AgentLost) return undefined;
    throw error;
  } finally {
    onAwaitingAgent?.(false);
  }
  try {
    return await housed.agent.execute({ plan, onEvent: onEvent!, signal, slackMs: slackMsDefault });
  } catch (error) {
    if (error instanceof AgentLost) return undefined;
    throw error;
  } finally {
    await housed.close();
  }
}
