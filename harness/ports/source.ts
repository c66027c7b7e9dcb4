import type { Clock } from '../core/clock.js';
import type { ApiResourceName, Fault, FaultPoint, PlanPod, Step } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';
import type { Journal } from '../trace/journal.js';

/** What the plan does to messages of the sources. The one in `run/` counts occurrences and journals hits. */
export interface SourceDisturbances {
  /**
   * The fault that hits this occurrence, or undefined. Asking counts: it is to be asked exactly once per
   * occurrence. `point` is the fault's address without `nth`.
   */
  fault(point: SourcePoint): Fault | undefined;
  /** How much later than usual this delivery is to arrive, in milliseconds. Asking counts. */
  deliveryDelayMs(source: SourceKind): number;
}

export type SourcePoint =
  | { readonly source: 'http' }
  | { readonly source: 'feed' }
  | {
      readonly source: 'api';
      readonly request: Extract<FaultPoint, { source: 'api' }>['request'];
      readonly resource: ApiResourceName;
      readonly namespace?: string;
      readonly name?: string;
      readonly subresource?: string;
    };

/** What every source is built from. */
export interface SourceContext {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly nodeName: string;
  /** The plan's pods; steps name them by slot. */
  readonly pods: readonly PlanPod[];
  readonly disturbances: SourceDisturbances;
}

export interface StepOutcome {
  readonly applied: boolean;
  /** Why it was a no-op. */
  readonly why?: string;
}

/** One life of the agent. Deliveries to a life that has ended are dropped, and its requests ignored. */
export interface Life {
  readonly incarnation: number;
  alive: boolean;
}

/**
 * A source as the run drives it: steps change what it holds (journalled as `source.held`), the agent reads it
 * through a port or a real endpoint (journalled as `source.served`).
 */
export interface Source {
  readonly kind: SourceKind;
  /** Applies a step whose `source` is this one (or `watch` for api). Total: what makes no sense is a no-op. */
  apply(step: Step): StepOutcome;
  /** Ends outages and lets go of whatever faults still hold. */
  heal(): void;
  /** True while something is on its way that is not yet delivered: a held answer, a truncated file. */
  busy(): boolean;
}

/** A source in sim: hands the agent a port. */
export interface SimSource<Port> extends Source {
  port(life: Life): Port;
}

/** A source in live: real directory, server or stream. */
export interface LiveSource extends Source {
  /** Opens it; resolves to what the agent is told: path, URL, kubeconfig path or gRPC endpoint. */
  open(): Promise<string>;
  /** Closes it and removes what it made. */
  close(): Promise<void>;
}

/** A source in live that several plans share: each sees, changes and journals its own pods only. */
export interface SharedSource {
  readonly kind: SourceKind;
  /** Opens it, as {@link LiveSource.open}. */
  open(): Promise<string>;
  close(): Promise<void>;
  /** Whether the agent has been shown what it holds; undefined where nobody can see that. */
  isDelivered(): boolean | undefined;
  /** Begins a plan's own part, which holds nothing so far. */
  join(context: SourceContext, names: SourceNames): SourcePart;
}

/** What keeps the parts of a shared source apart. */
export interface SourceNames {
  /**
   * Ends every namespace of the part, and no other, and every UID that the source itself makes up: a hyphen, and letters
   * and digits behind it.
   */
  readonly ending: string;
  /** The part's own name for a file. */
  fileName(name: string): string;
}

/** One plan's part of a shared source. */
export interface SourcePart extends Source {
  /** Takes out all that is left of the part. */
  leave(): void;
}
