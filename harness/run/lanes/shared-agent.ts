import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRealClock, type RealClock } from '../../core/clock.js';
import type { HarnessError } from '../../core/errors.js';
import type { CriMethod, Plan } from '../../spec/plan.js';
import type { SourceKind } from '../../spec/pod.js';
import type { Timings } from '../../spec/timings.js';
import type { TraceListener } from '../../trace/journal.js';
import type { AgentDriver, AgentEndpoints, AgentProcess } from '../../ports/driver.js';
import type { RuntimeBackend, RuntimeObserver } from '../../ports/runtime.js';
import { createCriServer } from '../../runtimes/cri-server/cri-server.js';
import { endedByMachine, exitedAtOnce, exitWords, neverConnected } from '../agent-troubles.js';
import { readyTimeoutMsDefault } from '../execute-live.js';
import type { RunOutcome } from '../execute-sim.js';
import { createSharedSources } from '../live-sources.js';
import { requestProblem } from '../request-problem.js';
import { stateDirectoryIn } from '../run-directory.js';
import { watchStarvation } from '../starvation-watch.js';
import { clearLane } from './clear-lane.js';
import { createLateness } from './lateness.js';
import { runInLane, type LaneHost, type LaneRun } from './lane-run.js';
import { createRuntimeSwitch } from './runtime-switch.js';

export interface SharedAgentOptions {
  readonly driver: AgentDriver;
  readonly kinds: readonly SourceKind[];
  readonly timings: Timings;
  /** An own, empty directory of this agent; the caller removes it. */
  readonly directory: string;
  readonly makeBackend: (
    observer: RuntimeObserver,
    clock: RealClock,
    onFailure: (error: HarnessError) => void,
  ) => Promise<RuntimeBackend>;
  readonly readyTimeoutMs?: number | undefined;
  /** Ends the wait for the agent. */
  readonly signal?: AbortSignal | undefined;
}

/** A plan for a shared agent. */
export interface SharedRun {
  readonly plan: Plan;
  readonly onEvent?: TraceListener;
  readonly signal?: AbortSignal | undefined;
  readonly slackMs: number;
}

/** One agent process, with one of each source and one runtime, that many plans use at once. */
export interface SharedAgent {
  /** Rejects with {@link AgentLost} when the agent ends before the plan does. */
  execute(run: SharedRun): Promise<RunOutcome>;
  /** Plans under way. */
  lanes(): number;
  /** False once it has ended, or has kept what it should have let go of: no plan is to begin in it. */
  isSound(): boolean;
  /** How much later than its period the agent looked at the runtime since this was last asked, in milliseconds. */
  takeLateness(): number;
  close(): Promise<void>;
}

/** The agent ended while a plan was under way, which says nothing about that plan so far. */
export class AgentLost extends Error {
  override readonly name = 'AgentLost';
}

/** The agent does not read one of its sources while nothing disturbs it: it cannot be shared. */
export class AgentNotReady extends Error {
  override readonly name = 'AgentNotReady';
}

const nodeName = 'node-1';
/** How often is looked whether it is ready. */
const readyPollMs = 20;

/** Starts an agent and waits until it has been shown all of its sources, which are empty. */
export async function startSharedAgent(options: SharedAgentOptions): Promise<SharedAgent> {
  const agent = new Shared(options);
  try {
    await agent.start();
    return agent;
  } catch (error) {
    await agent.close();
    throw error;
  }
}

class Shared implements SharedAgent {
  private readonly clock = createRealClock();
  private backend: RuntimeBackend | undefined;
  private readonly runtimes = createRuntimeSwitch(() => this.backend!);
  private readonly server;
  private sources: LaneHost['sources'] = new Map();
  private process: AgentProcess | undefined;
  private readonly running = new Set<LaneRun>();
  private readonly leaving = new Set<Promise<void>>();
  private readonly losers = new Map<LaneRun, (error: Error) => void>();
  private lastLane = 0;
  private looks = 0;
  private readonly lateness;
  private hasCalled = false;
  private isClosing = false;
  private hasKept = false;
  private failure: Error | undefined;
  private stopWatch: (() => void) | undefined;

  constructor(private readonly options: SharedAgentOptions) {
    this.lateness = createLateness(this.clock, options.timings.relistMs);
    this.server = createCriServer({
      socketPath: join(options.directory, 'cri', 'cri.sock'),
      handle: (method, request, reply, onCancelled) => {
        this.noteCall(method, request);
        const problem = requestProblem(method, request);
        if (problem === undefined) this.runtimes.handle(method, request, reply, onCancelled);
        else reply(problem);
      },
      subscribeEvents: (onEvent) => this.runtimes.subscribe(onEvent),
    });
  }

  async start(): Promise<void> {
    const { options } = this;
    const { directory, timings } = options;
    const stateDirectory = stateDirectoryIn(directory);
    mkdirSync(stateDirectory, { mode: 0o700 });
    this.sources = await createSharedSources(options.kinds, { clock: this.clock, nodeName }, directory);
    const { observer } = this.runtimes;
    const watched: RuntimeObserver = {
      onChange: (change) => {
        this.lateness.noteChange(change);
        observer.onChange(change);
      },
      onEvent: (event) => observer.onEvent(event),
      onStall: (ms) => {
        this.lateness.noteStarved(ms);
        for (const run of this.running) run.noteStall(ms);
      },
    };
    this.backend = await options.makeBackend(watched, this.clock, (error) => this.fail(error));
    const endpoints: Record<string, string> = {};
    for (const [kind, source] of this.sources) endpoints[kind] = await source.open();
    await this.server.start();
    await this.launch({ nodeName, runtime: this.server.endpoint, stateDirectory, timings, ...endpoints });
    await this.readiness();
  }

  private async launch(endpoints: AgentEndpoints): Promise<void> {
    const { driver } = this.options;
    const started = await driver.start(endpoints, 1);
    this.process = started;
    this.stopWatch = watchStarvation(
      () => started.takeCpuTime?.(),
      (ms) => this.noteStarved(ms),
    );
    void started.exited.then((exit) => {
      if (this.isClosing) return;
      const trouble = this.hasCalled ? endedByMachine(driver, exit) : exitedAtOnce(driver, exit);
      this.fail(trouble ?? new AgentLost(exitWords(exit)));
    });
  }

  private noteStarved(ms: number): void {
    this.lateness.noteStarved(ms);
    for (const run of this.running) run.noteStarved(ms);
  }

  /** Resolves when the agent has read all that it can be seen to read, and has had time to read the rest. */
  private async readiness(): Promise<void> {
    const { driver, timings, readyTimeoutMs = readyTimeoutMsDefault } = this.options;
    const deadlineMs = this.clock.now() + readyTimeoutMs;
    const isRead = (): boolean =>
      [...this.sources.values()].every((source) => source.isDelivered() !== false);
    while (!this.hasCalled || !isRead()) {
      if (this.failure !== undefined) throw this.failure;
      this.options.signal?.throwIfAborted();
      if (this.clock.now() >= deadlineMs) {
        if (!this.hasCalled) throw neverConnected(driver, readyTimeoutMs, this.process!.lastOutput());
        throw new AgentNotReady('it does not read all of its sources');
      }
      await this.pause(readyPollMs);
    }
    await this.pause(timings.fileCheckMs + timings.housekeepingMs);
    if (this.failure !== undefined) throw this.failure;
    this.lateness.forget();
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  private noteCall(method: CriMethod, request: object): void {
    this.hasCalled = true;
    if (method === 'ListContainers') this.looks++;
    this.lateness.noteCall(method, request);
  }

  /** Every plan under way is lost, and none is to come. */
  private fail(error: Error): void {
    this.failure ??= error;
    for (const [run, lose] of this.losers) {
      run.abandon();
      lose(error);
    }
    this.losers.clear();
    this.running.clear();
  }

  lanes(): number {
    return this.running.size;
  }

  isSound(): boolean {
    return this.failure === undefined && !this.isClosing && !this.hasKept;
  }

  takeLateness(): number {
    return this.lateness.take();
  }

  async execute({ plan, onEvent, signal, slackMs }: SharedRun): Promise<RunOutcome> {
    if (this.failure !== undefined) throw this.failure;
    const lane = ++this.lastLane;
    const runtime = this.runtimes.join(lane);
    const run = runInLane(
      {
        nodeName,
        profile: this.options.driver.profile,
        timings: this.options.timings,
        sources: this.sources,
        looks: () => this.looks,
      },
      { plan, lane, runtime, slackMs, onEvent },
    );
    this.running.add(run);
    const interrupt = (): void => run.interrupt();
    signal?.addEventListener('abort', interrupt, { once: true });
    if (signal?.aborted === true) interrupt();
    try {
      const lost = new Promise<never>((_resolve, reject) => this.losers.set(run, reject));
      return await Promise.race([run.outcome, lost]);
    } finally {
      signal?.removeEventListener('abort', interrupt);
      this.losers.delete(run);
      this.running.delete(run);
      if (this.failure === undefined && !this.isClosing) this.leave(run, plan, runtime);
    }
  }

  /** The lane's pods go the way of all pods that nobody lists any more, and what is left of them is swept up. */
  private leave(run: LaneRun, plan: Plan, runtime: Parameters<typeof clearLane>[0]['runtime']): void {
    run.leave();
    const clearing = clearLane({
      plan,
      runtime,
      backend: this.backend!,
      timings: this.options.timings,
      clock: this.clock,
      isOver: () => this.isClosing || this.failure !== undefined,
    })
      // A runtime that is going says so itself; whatever else it was, no plan is to begin beside what was left.
      .catch(() => false)
      .then((isCleared) => {
        if (!isCleared) this.hasKept = true;
        run.close();
        runtime.drop();
      });
    this.leaving.add(clearing);
    void clearing.finally(() => this.leaving.delete(clearing));
  }

  async close(): Promise<void> {
    this.isClosing = true;
    this.stopWatch?.();
    this.fail(new AgentLost('it is no longer needed'));
    await this.process?.kill();
    await this.server.close();
    await Promise.all([...this.leaving]);
    await Promise.all([...this.sources.values()].map((source) => source.close()));
    await this.backend?.close();
    this.clock.close();
  }
}
