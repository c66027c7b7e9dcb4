import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRealClock, type Clock, type RealClock } from '../core/clock.js';
import type { HarnessError } from '../core/errors.js';
import type { CriMethod, Plan } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';
import { createJournal, type TraceListener } from '../trace/journal.js';
import type { AgentDriver, AgentEndpoints, AgentProcess, CpuTime } from '../ports/driver.js';
import type { RuntimeBackend, RuntimeObserver } from '../ports/runtime.js';
import type { Life, LiveSource } from '../ports/source.js';
import { createCriServer } from '../runtimes/cri-server/cri-server.js';
import { endedByMachine, exitedAtOnce, exitWords, neverConnected } from './agent-troubles.js';
import { liveDeadlinesOf } from './deadlines.js';
import { createDirector, type AgentControl, type Director } from './director.js';
import { createDisturbances } from './disturbances.js';
import { timingsOf, type RunOutcome } from './execute-sim.js';
import { createHeldPods } from './held-pods.js';
import { createLiveSources } from './live-sources.js';
import { createPodSlots } from './pod-slots.js';
import { requestProblem } from './request-problem.js';
import { stateDirectoryIn } from './run-directory.js';
import { createRuntimeBoundary } from './runtime-boundary.js';
import { watchStalls } from './stall-watch.js';
import { watchStarvation } from './starvation-watch.js';

/** One execution against an agent process on the machine's clock. */
export interface LiveRunOptions {
  readonly plan: Plan;
  readonly driver: AgentDriver;
  /** Makes the runtime behind the CRI. */
  readonly makeBackend: (
    observer: RuntimeObserver,
    clock: RealClock,
    onFailure: (error: HarnessError) => void,
  ) => Promise<RuntimeBackend>;
  /** An own, empty directory of this run; the caller removes it. */
  readonly directory: string;
  readonly onEvent?: TraceListener;
  readonly signal?: AbortSignal;
  /** What the machine may cost on top of every bound, in milliseconds. */
  readonly slackMs?: number;
  /** Calls take as long as the runtime takes: an agent that can be told waits at least so long, in milliseconds. */
  readonly callDeadlineMinMs?: number;
  /** Told the endpoints when someone else starts the agent; the plan begins with its first runtime call. */
  readonly attach?: (endpoints: AgentEndpoints) => void;
  /** Told when the wait for the agent's first runtime call begins, and when it ends. */
  readonly onAwaitingAgent?: (awaits: boolean) => void;
  /** How long the agent may take until its first runtime call, in milliseconds. */
  readonly readyTimeoutMs?: number;
}

export const slackMsDefault = 500;
export const readyTimeoutMsDefault = 20_000;
/** An agent that makes more calls floods the runtime; the run is cut short. */
export const eventsMax = 300_000;

/** Executes a plan against a process. The order at the boundaries is the plan's; everything else is real. */
export async function executeLive(options: LiveRunOptions): Promise<RunOutcome> {
  const { plan, driver } = options;
  const clock = createRealClock();
  const nodeName = 'node-1';
  const slackMs = options.slackMs ?? slackMsDefault;
  const declared = timingsOf(plan, driver.profile);
  const timings = {
    ...declared,
    callDeadlineMs: Math.max(declared.callDeadlineMs, options.callDeadlineMinMs ?? 0),
  };
  // A command line names all of the agent's sources; those that the plan does not use stay empty.
  const kinds = driver.profile.sources.filter(
    (kind) => driver.takesAnySources !== true || plan.setup.sources.includes(kind),
  );
  const held = createHeldPods(nodeName);
  const journal = createJournal(clock, (event) => {
    options.onEvent?.(event);
    held.onEvent(event);
    if (event.seq > eventsMax) director?.abort('limit', `more than ${eventsMax} events`);
  });
  journal.record({
    kind: 'run.started',
    actor: 'harness',
    trace: 1,
    world: 'live',
    nodeName,
    sources: kinds,
    timings,
    features: driver.profile.features,
    slackMs,
    ...(options.attach === undefined ? {} : { attached: true }),
  });
  const slots = createPodSlots(plan.setup.pods, nodeName);
  const disturbances = createDisturbances(plan, journal, slots);
  const stateDirectory = stateDirectoryIn(options.directory);
  mkdirSync(stateDirectory, { mode: 0o700 });
  const context = { clock, journal, nodeName, pods: plan.setup.pods, disturbances };
  const sources = await createLiveSources(kinds, context, options.directory);

  let director: Director | undefined = undefined as Director | undefined;
  const noteStarved = (ms: number): void => {
    if (director?.isDone() === false) journal.record({ kind: 'stalled', actor: 'harness', ms });
  };
  const noteStall = (ms: number): void => {
    noteStarved(ms);
    director?.noteActivity(undefined);
  };
  let failRun: ((error: HarnessError) => void) | undefined;
  /** The runtime failed before the plan could begin. */
  let failedEarly: HarnessError | undefined;
  const relay: { observer: RuntimeObserver | undefined } = { observer: undefined };
  const backend = await options.makeBackend(
    {
      onChange: (change) => relay.observer?.onChange(change),
      onEvent: (event) => relay.observer?.onEvent(event),
      onStall: (ms) => noteStall(ms),
    },
    clock,
    (error) => {
      if (failRun === undefined) failedEarly = error;
      else failRun(error);
    },
  );
  const { boundary } = createRuntimeBoundary({
    clock,
    journal,
    disturbances,
    slots,
    backend(observer) {
      relay.observer = observer;
      return backend;
    },
    latencyMs: () => 0,
    replyLatencyMs: 0,
    crashAgent: (life, fault) => director?.crashAgent(life, fault),
    onActivity: (podUid) => director?.noteActivity(podUid),
    onPull: (podUid) => director?.notePull(podUid),
    onOwnExit: (podUid) => director?.noteOwnExit(podUid),
  });

  const lives = createLives(driver, clock);
  const server = createCriServer({
    socketPath: join(options.directory, 'cri', 'cri.sock'),
    handle(method, request, reply, onCancelled) {
      // The first call of an agent that somebody else started begins the run, and is answered in it.
      lives.noteCall(method);
      const life = lives.current();
      if (life === undefined) {
        reply({ code: 'UNAVAILABLE', message: 'no agent is expected to run' });
      } else {
        const problem = requestProblem(method, request);
        if (problem === undefined) boundary.handle(life, method, request as never, reply, onCancelled);
        else reply(problem);
      }
    },
    subscribeEvents(onEvent) {
      const life = lives.current();
      return life === undefined ? () => {} : boundary.subscribe(life, onEvent);
    },
  });

  const deadlines = liveDeadlinesOf(plan, timings, slackMs);
  const stopWatch = watchStalls(deadlines.calmBy.restMs, noteStall);
  const stopStarvationWatch = watchStarvation(() => lives.takeCpuTime(), noteStarved);
  const interrupt = (): void => director?.abort('interrupted', 'it was ended before its time');
  let isAwaiting = false;
  const setAwaiting = (awaits: boolean): void => {
    if (isAwaiting !== awaits) options.onAwaitingAgent?.(awaits);
    isAwaiting = awaits;
  };
  try {
    const endpoints: Record<string, string> = {};
    for (const [kind, source] of sources) endpoints[kind] = await source.open();
    await server.start();
    lives.configure({ nodeName, runtime: server.endpoint, stateDirectory, timings, ...endpoints });
    await new Promise<void>((resolve, reject) => {
      failRun = reject;
      if (failedEarly !== undefined) return reject(failedEarly);
      director = createDirector({
        plan,
        clock,
        journal,
        sources: sources as ReadonlyMap<SourceKind, LiveSource>,
        backend,
        disturbances,
        slots,
        agent: lives.control(reject),
        deadlines,
        isInPlace: (view) => held.areInPlace(view),
        onDone: resolve,
      });
      options.signal?.addEventListener('abort', interrupt, { once: true });
      const readyTimeoutMs = options.readyTimeoutMs ?? readyTimeoutMsDefault;
      setAwaiting(true);
      lives.onFirstCall(() => setAwaiting(false));
      if (options.signal?.aborted === true) interrupt();
      else if (options.attach === undefined) director.begin(boundary);
      else {
        lives.onFirstCall(() => director!.begin(boundary));
        options.attach(lives.endpoints());
      }
      clock.after(readyTimeoutMs, () => {
        if (!lives.hasCalled() && !director!.isDone())
          reject(neverConnected(driver, readyTimeoutMs, lives.lastOutput()));
      });
    });
  } finally {
    stopWatch();
    stopStarvationWatch();
    setAwaiting(false);
    options.signal?.removeEventListener('abort', interrupt);
    await lives.end();
    await server.close();
    await Promise.all([...sources.values()].map((source) => source.close()));
    await backend.close();
    clock.close();
  }
  return { events: journal.events, effectiveSteps: director?.effectiveSteps() ?? 0, durationMs: clock.now() };
}

/** The lives of one agent process. */
interface Lives {
  configure(endpoints: AgentEndpoints): void;
  current(): Life | undefined;
  noteCall(method?: CriMethod): void;
  hasCalled(): boolean;
  lastOutput(): readonly string[];
  takeCpuTime(): CpuTime | undefined;
  endpoints(): AgentEndpoints;
  /** Calls back at the first call that arrives. */
  onFirstCall(callback: () => void): void;
  control(fail: (error: unknown) => void): AgentControl;
  end(): Promise<void>;
}

function createLives(driver: AgentDriver, clock: Clock): Lives {
  const processes = new Map<Life, Promise<AgentProcess | undefined>>();
  /** Lives that were asked to end: their exit is no surprise. */
  const stopping = new Set<Life>();
  const launched = new Set<Life>();
  const firstCalls = new Map<Life, number>();
  const looks = new Map<Life, number>();
  let endpoints: AgentEndpoints | undefined;
  let current: Life | undefined;
  let called = false;
  const firstCall: (() => void)[] = [];
  let latest: AgentProcess | undefined;
  // One process at a time: the next one starts when the one before has gone.
  let previous: Promise<unknown> = Promise.resolve();

  async function launch(
    life: Life,
    onExit: (detail: string) => void,
    fail: (error: unknown) => void,
  ): Promise<AgentProcess | undefined> {
    try {
      await previous;
      if (!life.alive) return undefined;
      launched.add(life);
      const started = await driver.start(endpoints!, life.incarnation);
      previous = started.exited;
      latest = started;
      void started.exited.then((exit) => {
        if (!life.alive || stopping.has(life)) return;
        const trouble = called ? endedByMachine(driver, exit) : exitedAtOnce(driver, exit);
        if (trouble === undefined) onExit(exitWords(exit));
        else fail(trouble);
      });
      return started;
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  return {
    configure(value) {
      endpoints = value;
    },
    current: () => (current?.alive === true ? current : undefined),
    noteCall(method) {
      if (method === 'ListContainers' && current !== undefined)
        looks.set(current, (looks.get(current) ?? 0) + 1);
      const isFirst = !called;
      called = true;
      if (isFirst) for (const callback of firstCall) callback();
      // What comes before its process was started comes from the process before.
      if (current !== undefined && launched.has(current) && !firstCalls.has(current))
        firstCalls.set(current, clock.now());
    },
    endpoints: () => endpoints!,
    onFirstCall: (callback) => void firstCall.push(callback),
    hasCalled: () => called,
    lastOutput: () => latest?.lastOutput() ?? [],
    takeCpuTime: () => latest?.takeCpuTime?.(),
    control: (fail) => ({
      firstCallMs: (life) => firstCalls.get(life),
      looks: (life) => looks.get(life) ?? 0,
      start(life, onExit) {
        current = life;
        processes.set(life, launch(life, onExit, fail));
      },
      kill(life) {
        previous = Promise.resolve(processes.get(life)).then((running) => running?.kill());
      },
      stop(life, done) {
        stopping.add(life);
        previous = Promise.resolve(processes.get(life))
          .then((running) => running?.stop())
          .finally(done);
      },
    }),
    async end() {
      for (const life of processes.keys()) life.alive = false;
      await Promise.all([...processes.values()].map(async (started) => (await started)?.kill()));
    },
  };
}
