import { createPrng } from '../core/prng.js';
import { VirtualClock } from '../core/virtual-clock.js';
import type { CriMethod, Plan } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';
import { kubeletTimings, type Timings } from '../spec/timings.js';
import type { TraceEvent } from '../trace/events.js';
import { createJournal, type TraceListener } from '../trace/journal.js';
import type { CreateAgent } from '../ports/agent.js';
import type { AgentProfile } from '../ports/driver.js';
import { simEpochMs } from '../ports/agent.js';
import { createMemoryBackend } from '../runtimes/memory/memory-backend.js';
import { createDirector } from './director.js';
import { deadlinesOf } from './deadlines.js';
import { createDisturbances } from './disturbances.js';
import { onStrayError } from './guard-agent.js';
import { beat } from './heartbeat.js';
import { createPodSlots } from './pod-slots.js';
import { createRuntimeBoundary } from './runtime-boundary.js';
import { createSimAgent } from './sim-agent.js';
import { createSimSources } from './sim-sources.js';

/** One execution in the simulated world. */
export interface SimRunOptions {
  readonly plan: Plan;
  readonly createAgent: CreateAgent;
  readonly profile: AgentProfile;
  /** Called with each event as it happens. */
  readonly onEvent?: TraceListener;
  /** Asked before each turn; true ends the execution there, without a last event. */
  readonly isOver?: () => boolean;
  /** See `DirectorOptions.fresh`. */
  readonly fresh?: boolean;
  readonly log?: (line: string) => void;
  /** Errors that reach no caller in this thread are the agent's: true of modules that users wrote. */
  readonly ownsStrayErrors?: boolean;
}

export interface RunOutcome {
  readonly events: readonly TraceEvent[];
  readonly effectiveSteps: number;
  /** How long the run took on its own clock, in milliseconds. */
  readonly durationMs: number;
}

export const simNodeName = 'node-1';

/** More events than any agent needs: beyond it the run is cut short as a flood. */
const eventsPerStepMax = 20_000;
const eventsMin = 200_000;
/** Events that one pass of the loop works off before the process may do anything else. */
const batchSize = 64;

// Taken at load: a user's agent may have its own versions while it runs.
const realSetImmediate = globalThis.setImmediate;

/** How long a runtime call takes before its effect; the order of magnitude of a real runtime. */
const latencies: { readonly [Method in CriMethod]?: number } = {
  RunPodSandbox: 50,
  CreateContainer: 20,
  StartContainer: 30,
  PullImage: 200,
  ListPodSandbox: 1,
  ListContainers: 1,
};
const latencyDefaultMs = 4;

/** Executes a plan in virtual time. The same plan and agent give the same events, to the byte. */
export async function executeSim(options: SimRunOptions): Promise<RunOutcome> {
  const { plan, profile } = options;
  const clock = new VirtualClock();
  const journal = createJournal(clock, options.onEvent);
  const slots = createPodSlots(plan.setup.pods, simNodeName);
  const disturbances = createDisturbances(plan, journal, slots);
  const timings = timingsOf(plan, profile);
  const kinds = plan.setup.sources.filter((kind) => profile.sources.includes(kind));
  journal.record({
    kind: 'run.started',
    actor: 'harness',
    trace: 1,
    world: 'sim',
    nodeName: simNodeName,
    sources: kinds,
    timings,
    features: profile.features,
    slackMs: 0,
  });
  const sources = createSimSources(kinds, {
    clock,
    journal,
    nodeName: simNodeName,
    pods: plan.setup.pods,
    disturbances,
  });
  const { boundary, backend } = createRuntimeBoundary({
    clock,
    journal,
    disturbances,
    slots,
    backend: (observer) => createMemoryBackend({ clock, observer, epochMs: simEpochMs }),
    latencyMs: (method) => latencies[method] ?? latencyDefaultMs,
    replyLatencyMs: 1,
    crashAgent: (life, fault) => director.crashAgent(life, fault),
    onActivity: (podUid) => director.noteActivity(podUid),
    onPull: (podUid) => director.notePull(podUid),
    onOwnExit: (podUid) => director.noteOwnExit(podUid),
  });
  const agent = createSimAgent({
    clock,
    createAgent: options.createAgent,
    nodeName: simNodeName,
    timings,
    prng: createPrng(`agent ${plan.seed}`),
    sources,
    boundary: () => boundary,
    log: options.log ?? (() => {}),
  });
  let finished = false;
  const director = createDirector({
    plan,
    clock,
    journal,
    sources: sources as ReadonlyMap<SourceKind, never>,
    backend,
    disturbances,
    slots,
    agent,
    deadlines: deadlinesOf(plan, timings),
    fresh: options.fresh ?? false,
    onDone: () => (finished = true),
  });
  clock.after(0, () => director.begin(boundary));
  const eventsMax = Math.max(eventsMin, eventsPerStepMax * plan.steps.length);
  const release =
    options.ownsStrayErrors === true ? onStrayError((error) => agent.noteStrayError(error)) : undefined;
  try {
    await drain(clock, () => {
      if (!finished && journal.events.length > eventsMax)
        director.abort('limit', `more than ${eventsMax} events`);
      return finished || options.isOver?.() === true;
    });
  } finally {
    release?.();
    clock.clear();
  }
  return { events: journal.events, effectiveSteps: director.effectiveSteps(), durationMs: clock.now() };
}

/** The periods in force: the plan's, for agents that can be told; else those that the agent declares. */
export function timingsOf(plan: Plan, profile: AgentProfile): Timings {
  return profile.features.includes('settable-timings')
    ? { ...kubeletTimings, ...plan.setup.timings }
    : profile.timings;
}

/**
 * Works off the clock's events, each in a turn of its own, so that every promise that an event has settled is
 * followed to its end before the next. Turns are asked for in batches: a pass of Node's loop costs more than a turn.
 */
function drain(clock: VirtualClock, isDone: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let turns = 0;
    let over = false;
    const turn = (): void => {
      turns--;
      if (over) return;
      try {
        if (isDone() || !clock.step()) {
          over = true;
          resolve();
          return;
        }
      } catch (error) {
        over = true;
        reject(error as Error);
        return;
      }
      if (turns === 0) ask();
    };
    const ask = (): void => {
      beat();
      for (turns = 0; turns < batchSize; turns++) realSetImmediate(turn);
    };
    ask();
  });
}
