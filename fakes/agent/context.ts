import type { Timings } from '../../harness/spec/timings.js';
import type { Decisions } from './decisions.js';
import type { ImageManager } from './images.js';
import type { NameRegistry } from './name-registry.js';
import type { RuntimeCalls } from './runtime-calls.js';
import type { RuntimeView } from './runtime-view.js';
import type { DesiredPod, PodRecord, Scheduler } from './types.js';

/** What the parts of one life of the agent share. */
export interface AgentContext {
  readonly nodeName: string;
  readonly timings: Timings;
  readonly decisions: Decisions;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly log: (line: string) => void;
  readonly calls: RuntimeCalls;
  readonly view: RuntimeView;
  readonly names: NameRegistry;
  readonly images: ImageManager;
  /** The runtime's own condition, as last read. */
  readonly condition: { runtimeReady: boolean; networkReady: boolean };
  /** When this life began, in milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** Whether each source has delivered once, and whether the API server answers. */
  readonly sources: () => { readonly allReady: boolean; readonly apiAnswers: boolean };
  /** Whether pods that no source wants may be stopped by now. */
  readonly mayStopUndesired: () => boolean;
  /** Whether what is left of pods that no source wants may be removed by now. */
  readonly mayRemoveUndesired: () => boolean;
  readonly report: (report: PodReport) => void;
  /** Wakes the workers of these keys. */
  readonly wake: (keys: readonly string[]) => void;
  /** Whether the pod of this UID comes from a source with API objects behind its pods. */
  readonly isApiPod: (uid: string) => boolean;
  /** Whether the pod's manifest cannot be read at the moment; what it said last still counts. */
  readonly isHeld: (uid: string) => boolean;
  /** The worker has nothing left to do. */
  readonly onGone: (key: string) => void;
}

/** Why a container waits, as its status says it. */
export interface WaitingReason {
  readonly reason: string;
  readonly message?: string;
}

/** What a worker knows of its pod, for the status. */
export interface PodReport {
  readonly entry: DesiredPod;
  readonly record: PodRecord | undefined;
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  /** How often it was removed and listed again in this life of the agent. */
  readonly life: number;
  /** It has ended by itself. */
  readonly finished: 'Succeeded' | 'Failed' | undefined;
  readonly terminating: boolean;
  /** A fresh listing after the last stop showed nothing running. */
  readonly stopped: boolean;
  /** No source lists it any more. */
  readonly removed: boolean;
}
