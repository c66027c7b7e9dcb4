import type { ModelView } from '../model/model-view.js';
import type { CriMethod } from '../spec/plan.js';
import type { RequirementId } from '../spec/requirements.js';
import type { Bounds } from '../spec/timings.js';
import type { Finding } from '../spec/verdict.js';
import type { RunStarted, TraceEvent } from '../trace/events.js';
import type { Deadlines } from './deadlines.js';
import type { Ledger } from './ledger.js';
import type { OpenReads } from './open-reads.js';

/** One family of checks. It reads a run's events and the model, and nothing else. */
export interface Oracle {
  readonly name: string;
  readonly requirements: readonly RequirementId[];
  /** The events it is handed; the rest passes it by. */
  readonly kinds: readonly TraceEvent['kind'][];
  /** Of `runtime.*` events, those of these methods only; none without it. */
  readonly methods?: readonly CriMethod[];
  begin(context: OracleContext): OracleRun;
}

export interface OracleContext {
  readonly run: RunStarted;
  readonly bounds: Bounds;
  /** What the agent asks the runtime about single pods, and has not been told. */
  readonly reads: OpenReads;
  readonly model: ModelView;
  readonly ledger: Ledger;
  /** Advanced with every event. */
  readonly deadlines: Deadlines;
  /** When the world was last left to itself: the heal phase, or the last step. */
  restedFromMs(): number;
}

export interface OracleRun {
  /** The model has taken the event in already. */
  onEvent?(event: TraceEvent): void;
  /** The world is at rest, in the harness's opinion: `settled` or, too late, `unsettled`. */
  atRest?(settled: boolean): void;
  /** The trace is over; `complete` is false when it was cut short. */
  end?(complete: boolean): void;
}

/** What an oracle reports; the ledger adds the time. */
export type NewFinding = Omit<Finding, 'atMs' | 'events'> & {
  /** The events that show it, in any order; the present one is added. Negative numbers are dropped. */
  readonly events: readonly number[];
};
