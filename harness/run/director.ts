import { unreachable } from '../core/errors.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Fault, Plan, Step } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';
import type { Journal } from '../trace/journal.js';
import type { RuntimeBackend } from '../ports/runtime.js';
import type { Life, Source, StepOutcome } from '../ports/source.js';
import { applyRuntimeStep } from './apply-runtime-step.js';
import { createCalmWatch } from './calm-watch.js';
import type { Deadlines } from './deadlines.js';
import type { Disturbances } from './disturbances.js';
import type { PodSlots } from './pod-slots.js';
import type { RuntimeBoundary } from './runtime-boundary.js';
import type { RuntimeView } from './runtime-view.js';
import { createStartTime } from './start-time.js';

/** Starts and ends lives of the agent; sim and live have one each. */
export interface AgentControl {
  /** Begins a life. `onExit` is called when it ends on its own. */
  start(life: Life, onExit: (detail: string) => void): void;
  /** Ends a life at once. */
  kill(life: Life): void;
  /** When a life made its first runtime call; until then it is a process that loads. Absent: lives need no time to start. */
  firstCallMs?(life: Life): number | undefined;
  /** How often a life has looked at the runtime: where a busy machine may keep it from looking. */
  looks?(life: Life): number;
  /** Asks a life to end, and calls back when it has. */
  stop(life: Life, done: () => void): void;
}

export interface DirectorOptions {
  readonly plan: Plan;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly sources: ReadonlyMap<SourceKind, Source>;
  readonly backend: RuntimeBackend;
  readonly disturbances: Disturbances;
  readonly slots: PodSlots;
  readonly agent: AgentControl;
  readonly deadlines: Deadlines;
  /** See {@link CalmWatchOptions.isInPlace}. */
  readonly isInPlace?: ((view: RuntimeView) => boolean) | undefined;
  /** Sources get their final content before the agent starts, and there is no quiet phase: a fresh start. */
  readonly fresh?: boolean;
  readonly onDone: () => void;
}

/** Leads a run through its phases: chaos, heal, settle, quiet. */
export interface Director {
  begin(boundary: RuntimeBoundary): void;
  /** Something of this pod (or, without one, of the world) has changed. */
  noteActivity(podUid: string | undefined): void;
  /** An image was pulled, for this pod if the agent said for which: the container is still to come. */
  notePull(podUid: string | undefined): void;
  /** A pod's workload ended by itself: what the agent does about it is not unrest. */
  noteOwnExit(podUid: string): void;
  crashAgent(life: Life, fault: Fault): void;
  /** Steps that did something so far. */
  effectiveSteps(): number;
  isDone(): boolean;
  /** Ends the run before its time. */
  abort(outcome: 'limit' | 'agentGone' | 'interrupted', detail: string): void;
}

/** An agent that ends on its own is started again this often, and once more as often when the faults are off. */
const ownExitsMax = 5;
const restartAfterExitMs = 100;

export function createDirector(options: DirectorOptions): Director {
  const { plan, clock, journal, sources, disturbances, slots, deadlines, isInPlace } = options;
  const { firstCallMs, looks } = options.agent;
  const startTime =
    firstCallMs === undefined ? undefined : createStartTime(clock, firstCallMs, deadlines.settleMs);
  const calm = createCalmWatch({
    clock,
    deadlines,
    view: () => boundary!.view,
    ...(isInPlace === undefined ? {} : { isInPlace: () => isInPlace(boundary!.view) }),
    ...(looks === undefined ? {} : { looks: () => life && looks(life) }),
    isBusy: () =>
      boundary!.openCalls() > 0 ||
      startTime?.isStarting() === true ||
      pendingStart !== undefined ||
      isStopping ||
      [...sources.values()].some((source) => source.busy()),
    isOver: () => done,
  });
  const selfEnding = new Set<string>();
  let boundary: RuntimeBoundary | undefined;
  let life: Life | undefined;
  let incarnation = 0;
  let pendingStart: Timer | undefined;
  let ownExits = 0;
  /** It ended so often that it stays down until the faults are off: they may be what it ends of. */
  let staysDown = false;
  let isHealed = false;
  /** It was asked to end, and takes its time. */
  let isStopping = false;
  let nextStep = 0;
  let effectiveSteps = 0;
  let done = false;

  function startAgent(): void {
    pendingStart = undefined;
    if (done) return;
    const started: Life = { incarnation: ++incarnation, alive: true };
    life = started;
    startTime?.begin(started);
    journal.record({ kind: 'agent.started', actor: 'agent', incarnation });
    calm.stir();
    options.agent.start(started, (detail) => {
      if (!started.alive || done) return;
      endLife(started, 'exited', detail);
      if (++ownExits <= ownExitsMax) pendingStart = clock.after(restartAfterExitMs, startAgent);
      else if (isHealed)
        director.abort('agentGone', `the agent ended on its own ${ownExits} times: ${detail}`);
      else staysDown = true;
    });
  }

  function forgetLife(): void {
    startTime?.end();
    life = undefined;
  }

  function endLife(ended: Life, cause: 'killed' | 'stopped' | 'crashed' | 'exited', detail?: string): void {
    ended.alive = false;
    if (life === ended) forgetLife();
    journal.record({
      kind: 'agent.ended',
      actor: 'agent',
      incarnation: ended.incarnation,
      cause,
      ...(detail === undefined ? {} : { detail }),
    });
    calm.stir();
  }

  function scheduleStart(downMs: number): void {
    pendingStart?.cancel();
    pendingStart = clock.after(downMs, startAgent);
  }

  function restartAgent(how: 'kill' | 'stop', downMs: number): StepOutcome {
    const ending = life;
    if (ending === undefined) return { applied: false, why: 'the agent is down already' };
    if (how === 'kill') {
      options.agent.kill(ending);
      endLife(ending, 'killed');
      scheduleStart(downMs);
    } else {
      forgetLife();
      isStopping = true;
      options.agent.stop(ending, () => {
        isStopping = false;
        if (!ending.alive || done) return;
        endLife(ending, 'stopped');
        scheduleStart(downMs);
      });
    }
    return { applied: true };
  }

  function applyStep(step: Step): StepOutcome {
    switch (step.do) {
      case 'add':
      case 'update':
      case 'remove':
      case 'delete':
      case 'redeliver':
      case 'reformat':
      case 'malformed':
      case 'duplicate':
      case 'rename':
      case 'noise':
      case 'outage':
        return sources.get(step.source)?.apply(step) ?? { applied: false, why: `no ${step.source} source` };
      case 'watch':
        return sources.get('api')?.apply(step) ?? { applied: false, why: 'no api source' };
      case 'restartAgent':
        return restartAgent(step.how, step.downMs);
      case 'exitContainer':
      case 'damage':
      case 'removeImage':
      case 'runtime':
        return applyRuntimeStep(step, { backend: options.backend, boundary: boundary!, slots });
      case 'wait':
      case 'settle':
        return { applied: true };
      default:
        return unreachable(step);
    }
  }

  function runSteps(): void {
    while (nextStep < plan.steps.length && !done) {
      const step = plan.steps[nextStep++]!;
      if (options.fresh === true && !isSourceStep(step)) continue;
      const outcome = applyStep(step);
      journal.record({
        kind: 'step',
        actor: 'harness',
        id: step.id,
        do: step.do,
        applied: outcome.applied,
        ...(outcome.why === undefined ? {} : { why: outcome.why }),
      });
      if (outcome.applied && step.do !== 'wait' && step.do !== 'settle') calm.stir();
      if (outcome.applied && step.do !== 'settle') effectiveSteps++;
      if (step.do === 'wait') {
        if (startTime === undefined) clock.after(step.ms, runSteps);
        else startTime.pass(step.ms, () => !done && runSteps());
        return;
      }
      if (step.do === 'settle') return calm.wait(() => runSteps());
    }
    if (done) return;
    if (options.fresh === true) startAgent();
    heal();
  }

  function heal(): void {
    journal.record({ kind: 'phase', actor: 'harness', phase: 'heal' });
    disturbances.heal();
    options.backend.setConditions({ runtimeReady: true, networkReady: true });
    for (const source of sources.values()) source.heal();
    boundary!.heal();
    isHealed = true;
    ownExits = 0;
    if (pendingStart !== undefined || staysDown) {
      pendingStart?.cancel();
      startAgent();
    }
    calm.stir();
    journal.record({ kind: 'phase', actor: 'harness', phase: 'settle' });
    calm.wait((isCalm) => {
      journal.record({ kind: 'phase', actor: 'harness', phase: isCalm ? 'settled' : 'unsettled' });
      if (options.fresh === true) finish();
      else quiet();
    });
  }

  function quiet(): void {
    journal.record({ kind: 'phase', actor: 'harness', phase: 'quiet' });
    clock.after(deadlines.quietMs, finish);
  }

  function finish(): void {
    if (done) return;
    done = true;
    journal.record({ kind: 'run.ended', actor: 'harness', outcome: 'complete' });
    if (life !== undefined) options.agent.kill(life);
    if (life !== undefined) life.alive = false;
    options.onDone();
  }

  const director: Director = {
    begin(withBoundary) {
      boundary = withBoundary;
      journal.record({ kind: 'phase', actor: 'harness', phase: 'chaos' });
      if (options.fresh !== true) startAgent();
      runSteps();
    },
    noteActivity(podUid) {
      if (podUid === undefined || !selfEnding.has(podUid)) calm.stir();
    },
    notePull(podUid) {
      // An agent need not say for which pod: any that ends by itself may be pulled for without end.
      if (podUid === undefined ? selfEnding.size === 0 : !selfEnding.has(podUid)) calm.stir();
    },
    noteOwnExit(podUid) {
      selfEnding.add(podUid);
    },
    crashAgent(crashed, fault) {
      if (!crashed.alive || done) return;
      options.agent.kill(crashed);
      endLife(crashed, 'crashed');
      scheduleStart(fault.downMs ?? 0);
    },
    effectiveSteps: () => effectiveSteps,
    isDone: () => done,
    abort(outcome, detail) {
      if (done) return;
      done = true;
      if (life !== undefined) {
        options.agent.kill(life);
        life.alive = false;
      }
      journal.record({ kind: 'run.ended', actor: 'harness', outcome, detail });
      options.onDone();
    },
  };
  return director;
}

function isSourceStep(step: Step): boolean {
  switch (step.do) {
    case 'add':
    case 'update':
    case 'remove':
    case 'delete':
    case 'redeliver':
    case 'reformat':
    case 'malformed':
    case 'duplicate':
    case 'rename':
    case 'noise':
      return true;
    default:
      return false;
  }
}
