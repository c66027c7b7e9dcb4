import type { Pod } from '../../../harness/spec/pod.js';
import type { Timings } from '../../../harness/spec/timings.js';
import type { Decisions } from '../decisions.js';
import type { Scheduler } from '../types.js';

/** What every source reader is given. */
export interface SourceReaderContext {
  readonly nodeName: string;
  readonly timings: Timings;
  readonly decisions: Decisions;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  /** When this life of the agent began, in milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly log: (line: string) => void;
  /**
   * Takes the source's list; the first call makes the source ready. `isComplete` is false when the source
   * holds things that cannot be read; default true.
   */
  readonly deliver: (pods: readonly Pod[], isComplete?: boolean) => void;
  /** Names the pods, by UID, whose manifests cannot be read at the moment. */
  readonly hold: (uids: ReadonlySet<string>) => void;
}
