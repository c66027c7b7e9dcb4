import { createRealClock, type RealClock } from '../../core/clock.js';
import type { Plan } from '../../spec/plan.js';
import type { SourceKind } from '../../spec/pod.js';
import type { Timings } from '../../spec/timings.js';
import { createJournal, type Journal, type TraceListener } from '../../trace/journal.js';
import type { TraceEvent, TraceEventBody } from '../../trace/events.js';
import type { AgentProfile } from '../../ports/driver.js';
import type { Life, SharedSource, SourcePart } from '../../ports/source.js';
import { emptyList } from '../../sources/shared-journal.js';
import { liveDeadlinesOf } from '../deadlines.js';
import { createDirector, type AgentControl, type Director } from '../director.js';
import { createDisturbances } from '../disturbances.js';
import { eventsMax } from '../execute-live.js';
import type { RunOutcome } from '../execute-sim.js';
import { createHeldPods } from '../held-pods.js';
import { createPodSlots } from '../pod-slots.js';
import { createRuntimeBoundary } from '../runtime-boundary.js';
import { watchStalls } from '../stall-watch.js';
import { laneNames, planInLane } from './lane-names.js';
import type { LaneRuntime } from './runtime-switch.js';

/** What a lane has of the agent that it shares. */
export interface LaneHost {
  readonly nodeName: string;
  readonly profile: AgentProfile;
  readonly timings: Timings;
  readonly sources: ReadonlyMap<SourceKind, SharedSource>;
  /** How often the agent has looked at the runtime. */
  looks(): number;
}

export interface LaneOptions {
  /** As it would be executed alone. */
  readonly plan: Plan;
  readonly lane: number;
  readonly runtime: LaneRuntime;
  readonly slackMs: number;
  readonly onEvent?: TraceListener | undefined;
}

/** One plan in a shared agent. */
export interface LaneRun {
  /** What happened, as if the plan had been alone. Never settles once the lane was abandoned. */
  readonly outcome: Promise<RunOutcome>;
  interrupt(): void;
  /** The machine did not let the agent run, for so many milliseconds. */
  noteStarved(ms: number): void;
  /** Nothing could be seen of it either, so that its silence is no calm. */
  noteStall(ms: number): void;
  /** The agent is gone: nothing more is to come. */
  abandon(): void;
  /** Takes the plan's pods out of the sources; to be called once it has ended. */
  leave(): void;
  /** Ends what the lane still waits for. */
  close(): void;
}

/**
 * Executes one plan with a journal, a director, disturbances and a boundary of its own. It differs from a run alone
 * in two things only: the agent runs already, and what is not the plan's own is left out of all that is seen.
 */
export function runInLane(host: LaneHost, options: LaneOptions): LaneRun {
  const { nodeName, timings, profile } = host;
  const { lane, runtime, slackMs } = options;
  const plan = planInLane(options.plan, lane);
  const clock = createRealClock();
  let director: Director | undefined = undefined as Director | undefined;
  const held = createHeldPods(nodeName);
  const journal = createClosableJournal(clock, (event) => {
    options.onEvent?.(event);
    held.onEvent(event);
    if (event.kind === 'source.held')
      for (const { metadata } of event.pods) if (metadata.uid !== undefined) runtime.expect(metadata.uid);
    if (event.seq > eventsMax) director?.abort('limit', `more than ${eventsMax} events`);
  });
  journal.record({
    kind: 'run.started',
    actor: 'harness',
    trace: 1,
    world: 'live',
    nodeName,
    sources: [...host.sources.keys()],
    timings,
    features: profile.features,
    slackMs,
    lane,
  });
  const slots = createPodSlots(plan.setup.pods, nodeName);
  const disturbances = createDisturbances(plan, journal, slots);
  const context = { clock, journal, nodeName, pods: plan.setup.pods, disturbances };
  const names = laneNames(lane);
  const sources = new Map<SourceKind, SourcePart>();
  for (const [kind, source] of host.sources) sources.set(kind, source.join(context, names));
  const { boundary, backend } = createRuntimeBoundary({
    clock,
    journal,
    disturbances,
    slots,
    backend: (observer) => runtime.backend(observer),
    latencyMs: () => 0,
    replyLatencyMs: 0,
    // Plans that let the agent crash have no company.
    crashAgent() {},
    onActivity: (podUid) => director?.noteActivity(podUid),
    onPull: (podUid) => director?.notePull(podUid),
    onOwnExit: (podUid) => director?.noteOwnExit(podUid),
  });
  const deadlines = liveDeadlinesOf(plan, timings, slackMs);
  const noteStarved = (ms: number): void => void journal.record({ kind: 'stalled', actor: 'harness', ms });
  const noteStall = (ms: number): void => {
    noteStarved(ms);
    director?.noteActivity(undefined);
  };
  const stopWatch = watchStalls(deadlines.calmBy.restMs, noteStall);
  // Not the director's: answers go out also when the plan has ended.
  const life: Life = { incarnation: 1, alive: true };

  const outcome = new Promise<RunOutcome>((resolve) => {
    director = createDirector({
      plan,
      clock,
      journal,
      sources,
      backend,
      disturbances,
      slots,
      agent: controlOf(host, () => {
        for (const kind of sources.keys()) if (kind !== 'file') journal.record(emptyList(kind, 1));
      }),
      deadlines,
      isInPlace: (view) => held.areInPlace(view),
      onDone() {
        stopWatch();
        journal.close();
        const effectiveSteps = director!.effectiveSteps();
        resolve({ events: journal.events, effectiveSteps, durationMs: clock.now() });
      },
    });
    runtime.open(boundary, life);
    director.begin(boundary);
  });
  return {
    outcome,
    noteStarved,
    noteStall,
    interrupt: () => director!.abort('interrupted', 'it was ended before its time'),
    abandon() {
      stopWatch();
      journal.close();
      clock.close();
    },
    leave() {
      runtime.close();
      disturbances.heal();
      boundary.heal();
      for (const source of sources.values()) source.leave();
    },
    close() {
      life.alive = false;
      clock.close();
    },
  };
}

/** The agent runs as long as the plan, and nothing of the plan can end it. */
function controlOf(host: LaneHost, onStart: () => void): AgentControl {
  return {
    start: onStart,
    kill() {},
    stop: (_life, done) => done(),
    looks: () => host.looks(),
  };
}

/** A journal that can be ended: what happens afterwards is no part of the run. */
function createClosableJournal(clock: RealClock, listener: TraceListener): Journal & { close(): void } {
  const inner = createJournal(clock, listener);
  let isClosed = false;
  const late = { t: 0, seq: -1 };
  return {
    get events() {
      return inner.events;
    },
    record(body: TraceEventBody): TraceEvent {
      return isClosed ? ({ ...body, ...late } as TraceEvent) : inner.record(body);
    },
    stamp: (event) => (isClosed ? event : inner.stamp(event)),
    close() {
      isClosed = true;
    },
  };
}
