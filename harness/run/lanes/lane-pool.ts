import type { Plan } from '../../spec/plan.js';
import type { SourceKind } from '../../spec/pod.js';
import type { Timings } from '../../spec/timings.js';
import type { TraceListener } from '../../trace/journal.js';
import { slackMsDefault } from '../execute-live.js';
import type { RunOutcome } from '../execute-sim.js';
import { watchStalls } from '../stall-watch.js';
import { createLaneLimit } from './lane-limit.js';
import { createPlaces } from './places.js';
import { AgentLost, AgentNotReady, type SharedAgent } from './shared-agent.js';

/** What an agent is started with. Plans share an agent only when they ask for the same. */
export interface AgentSetup {
  readonly kinds: readonly SourceKind[];
  readonly timings: Timings;
}

/** An agent in a directory of its own. */
export interface HousedAgent {
  readonly agent: SharedAgent;
  /** Ends the agent and removes its directory. */
  close(): Promise<void>;
}

export interface LanePoolOptions {
  readonly setupOf: (plan: Plan) => AgentSetup;
  readonly startAgent: (setup: AgentSetup) => Promise<HousedAgent>;
  readonly lanesMax: number;
  /** About how long a plan takes. Default: all take as long. */
  readonly expectedMs?: (plan: Plan) => number;
  /** The shortest period of the agents: who is a whole period late still keeps up with slower things. */
  readonly relistMs: number;
}

export interface PooledRun {
  readonly onEvent: TraceListener;
  readonly signal: AbortSignal;
  /** Begins the execution when it may begin; it waits for what needs the machine for itself. */
  readonly enter: <Value>(work: () => Promise<Value>) => Promise<Value>;
}

/** Executes plans in lanes of shared agents, as many at once as the agents sustain. */
export interface LanePool {
  /**
   * Resolves to undefined when the plan has to be executed alone after all: the agent cannot be shared, or has ended
   * twice while the plan was under way.
   */
  execute(plan: Plan, run: PooledRun): Promise<RunOutcome | undefined>;
  /** For progress: lanes that run now. */
  lanes(): number;
  /** How each agent ended that ended on its own while plans shared it. */
  losses(): readonly string[];
  close(): Promise<void>;
}

/** One agent and who uses it. */
interface Shared {
  readonly key: string;
  readonly housed: Promise<HousedAgent>;
  started: SharedAgent | undefined;
  lanes: number;
}

interface Ticket {
  readonly setup: AgentSetup;
  readonly key: string;
  readonly place: number;
  grant(shared: Shared): void;
  refuse(error: unknown): void;
}

/** Agents that were started differently, with other periods, and are kept at once. */
const agentsMax = 4;
const periodMs = 1_000;
/** Later than this part of the slack, beyond a period of the agent's, is too late. */
const lateShare = 0.5;
/** A kubelet that was given some forty lanes within ten seconds did everything late. */
const lanesAddedPerLook = 2;
/** How often a plan is begun in company. */
const attemptsMax = 2;

export function createLanePool(options: LanePoolOptions): LanePool {
  return new Pool(options);
}

class Pool implements LanePool {
  private readonly limit;
  private readonly agents = new Map<string, Shared>();
  private readonly unshareable = new Set<string>();
  private readonly lost = new Map<Shared, string>();
  private readonly closing = new Set<Promise<unknown>>();
  private waiting: Ticket[] = [];
  private readonly places;
  private running = 0;
  private recentLateMs = 0;
  private isClosed = false;
  private stalledMs = 0;
  private readonly stopWatch: () => void;
  private readonly ticker: NodeJS.Timeout;

  constructor(private readonly options: LanePoolOptions) {
    const lateMsMax = slackMsDefault * lateShare + options.relistMs;
    const addedMax = Math.ceil((lanesAddedPerLook * periodMs) / options.relistMs);
    this.limit = createLaneLimit({ max: options.lanesMax, lateMsMax, addedMax });
    this.places = createPlaces(options.lanesMax);
    this.stopWatch = watchStalls(0, (ms) => (this.stalledMs = Math.max(this.stalledMs, ms)));
    this.ticker = setInterval(() => this.observe(), periodMs);
    this.ticker.unref();
  }

  lanes(): number {
    return this.running;
  }

  losses(): readonly string[] {
    return [...this.lost.values()];
  }

  async execute(plan: Plan, run: PooledRun): Promise<RunOutcome | undefined> {
    const setup = this.options.setupOf(plan);
    const key = JSON.stringify([[...setup.kinds].sort(), setup.timings]);
    const place = this.places.take(this.options.expectedMs?.(plan) ?? 1);
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      run.signal.throwIfAborted();
      if (this.isClosed) throw new AgentLost('the campaign is over');
      if (this.unshareable.has(key)) return undefined;
      const shared = await this.acquire({ setup, key, place }, run.signal);
      try {
        const { agent } = await shared.housed;
        return await run.enter(() => agent.execute({ plan, slackMs: this.slackMs(), ...run }));
      } catch (error) {
        if (error instanceof AgentNotReady) this.unshareable.add(key);
        else if (!(error instanceof AgentLost)) throw error;
        else if (!this.isClosed) this.lost.set(shared, error.message);
      } finally {
        this.release(shared);
      }
    }
    return undefined;
  }

  /** The machine's part of every bound: more while it is slow. */
  private slackMs(): number {
    return slackMsDefault + 100 * Math.ceil((2 * this.recentLateMs) / 100);
  }

  private acquire(wanted: Omit<Ticket, 'grant' | 'refuse'>, signal: AbortSignal): Promise<Shared> {
    return new Promise((resolve, reject) => {
      const forget = (): void => {
        this.waiting = this.waiting.filter((other) => other !== ticket);
        reject(signal.reason);
      };
      const ticket: Ticket = {
        ...wanted,
        grant(shared) {
          signal.removeEventListener('abort', forget);
          resolve(shared);
        },
        refuse: reject,
      };
      signal.addEventListener('abort', forget, { once: true });
      const at = this.waiting.findIndex(({ place }) => place > ticket.place);
      this.waiting.splice(at === -1 ? this.waiting.length : at, 0, ticket);
      this.pump();
    });
  }

  private release(shared: Shared): void {
    this.running--;
    shared.lanes--;
    if (this.agents.get(shared.key) !== shared && shared.lanes === 0) this.dismiss(shared);
    this.pump();
  }

  /** Lets as many begin as there is room for, in the order of their places. */
  private pump(): void {
    if (this.isClosed) return;
    for (const ticket of [...this.waiting]) {
      if (this.running >= this.limit.lanes()) return;
      const shared = this.agentFor(ticket);
      if (shared === undefined) continue;
      this.waiting = this.waiting.filter((other) => other !== ticket);
      shared.lanes++;
      this.running++;
      ticket.grant(shared);
    }
  }

  /** The agent that a plan can begin in now; undefined while there is no room for one more agent. */
  private agentFor({ key, setup }: Ticket): Shared | undefined {
    const known = this.agents.get(key);
    if (known !== undefined) {
      if (known.started?.isSound() !== false) return known;
      this.agents.delete(key);
      if (known.lanes === 0) this.dismiss(known);
    }
    if (this.agents.size >= agentsMax) {
      const idle = [...this.agents.values()].find((shared) => shared.lanes === 0);
      if (idle === undefined) return undefined;
      this.agents.delete(idle.key);
      this.dismiss(idle);
    }
    const housed = this.options.startAgent(setup);
    const shared: Shared = { key, housed, started: undefined, lanes: 0 };
    this.agents.set(key, shared);
    housed.then(
      ({ agent }) => (shared.started = agent),
      () => this.agents.get(key) === shared && this.agents.delete(key),
    );
    return shared;
  }

  private dismiss(shared: Shared): void {
    const closing = shared.housed.then(
      (housed) => housed.close(),
      () => {},
    );
    this.closing.add(closing);
    void closing.finally(() => this.closing.delete(closing)).catch(() => {});
  }

  private observe(): void {
    let lateMs = this.stalledMs;
    this.stalledMs = 0;
    for (const { started, lanes } of this.agents.values())
      if (started !== undefined && lanes > 0) lateMs = Math.max(lateMs, started.takeLateness());
    this.recentLateMs = Math.max(lateMs, this.recentLateMs * 0.8);
    this.limit.observe({ lateMs, lanes: this.running });
    this.pump();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.ticker);
    this.stopWatch();
    const closed = new AgentLost('the campaign is over');
    for (const ticket of this.waiting) ticket.refuse(closed);
    this.waiting = [];
    for (const shared of this.agents.values()) this.dismiss(shared);
    this.agents.clear();
    await Promise.all(this.closing);
  }
}
