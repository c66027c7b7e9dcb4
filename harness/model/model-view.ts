import type { Bounds } from '../spec/timings.js';
import type { PhaseChanged, RunStarted, RuntimeEffect, RuntimeRequest, Stamp } from '../trace/events.js';
import type { ActualContainer, ActualPod, ActualSandbox } from './actual-pod.js';
import type { ActualPods } from './actual-pods.js';
import type { ServedChange } from './desired-pod.js';
import type { DesiredPods } from './desired-pods.js';
import type { ImageNames } from './image-names.js';
import type { StopReason } from './stop-reason.js';

/** A state-changing call, or an ExecSync, whose answer is awaited or has just come. */
export interface Call {
  readonly request: RuntimeRequest & Stamp;
  readonly pod: ActualPod | undefined;
  readonly sandbox: ActualSandbox | undefined;
  readonly container: ActualContainer | undefined;
  /** For calls that stop or remove something: why they may. */
  readonly reason: StopReason | undefined;
  /** State when the agent asked: the container ran, the sandbox was ready. */
  readonly hitsLive: boolean;
  effect: (RuntimeEffect & Stamp) | undefined;
  /** The life that made it has ended; what it does in the runtime still counts. */
  abandoned: boolean;
}

/** All that the oracles may ask. Brought up to date before each event is handed to them. */
export interface ModelView {
  readonly run: RunStarted;
  readonly bounds: Bounds;
  readonly t: number;
  readonly seq: number;
  readonly phase: PhaseChanged['phase'] | 'start';
  readonly incarnation: number;
  readonly agentUp: boolean;
  readonly agentStartedAtMs: number;
  readonly agentStartedSeq: number;
  readonly desired: DesiredPods;
  readonly actual: ActualPods;
  /** Of the present event, when it is `source.served`. */
  readonly served: ServedChange | undefined;
  /** The last served message that changed something, and the last of all. */
  readonly lastServed: ServedChange | undefined;
  /** When the agent was last shown something that changes what is wanted, in milliseconds. */
  readonly wantedChangedAtMs: number;
  /** Of the present event, when it belongs to a call that is followed. */
  readonly call: Call | undefined;
  /** The last list call that failed, the last that succeeded. */
  readonly listErrorSeq: number;
  readonly listErrorAtMs: number;
  readonly listOkSeq: number;
  /** The last time that a list or state was falsified by a fault. */
  readonly lieSeq: number;
  readonly lieAtMs: number;
  /** Since when nothing has disturbed the agent; Infinity while something does. */
  calmSinceMs(): number;
  /** Images known to be present or absent. */
  readonly images: ReadonlyMap<string, boolean>;
}

/** The model's own side of its view. */
export type ModelState = Mutable<Omit<ModelView, 'calmSinceMs' | 'images'>> & {
  calmSinceMs(): number;
  images: Map<string, boolean>;
  readonly imageNames: ImageNames;
  calmSince: number;
  runtimeReady: boolean;
  /** Listings of the runtime that have not been answered. */
  openLists: number;
  /** When each of the latest calls was made, by the last bits of its number. */
  askedAtMs: Float64Array;
  listAnsweredMs: number;
  /** When the agent last asked what there is in all, or began its life. */
  listAskedMs: number;
  calls: Map<number, Call>;
};

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
