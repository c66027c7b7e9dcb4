/**
 * The periods of an agent, in milliseconds unless the name says otherwise. The defaults are the kubelet's
 * (shared timing notes, v1.36). An agent declares its own; a plan may set them for agents that can be told.
 */
export interface Timings {
  /** Tpleg: how often the runtime is listed. */
  readonly relistMs: number;
  /** Ttick: how often due re-syncs are looked for. */
  readonly tickMs: number;
  /** Thk: housekeeping, which finds orphans and pods to be started again. */
  readonly housekeepingMs: number;
  /** Tfile: poll of the manifest directory. */
  readonly fileCheckMs: number;
  /** Thttp: poll of the manifest URL. */
  readonly httpCheckMs: number;
  /** Periodic re-sync of every pod, before jitter. */
  readonly syncFrequencyMs: number;
  /** Retry after a failed sync, before jitter. An agent whose re-sync comes sooner declares that. */
  readonly errorRetryMs: number;
  /** Retry of a static pod that waits for its predecessor, before jitter. */
  readonly staticRetryMs: number;
  /** Retry while the runtime's network is not ready, before jitter. */
  readonly networkRetryMs: number;
  /** Tgc: removal of dead containers and sandboxes. */
  readonly garbageCollectionMs: number;
  /** Tstat: full pass over pod statuses. */
  readonly statusMs: number;
  /** How often the runtime's own status is asked for. */
  readonly runtimeStatusMs: number;
  /** Crash back-off: first delay, cap, and the age after which it is forgotten. */
  readonly backoffInitialMs: number;
  readonly backoffMaxMs: number;
  readonly backoffResetMs: number;
  /** Deadline of a runtime call; RunPodSandbox has twice, StopContainer its timeout more. */
  readonly callDeadlineMs: number;
  /** Whether the file source reacts to directory notifications, not only to its poll. */
  readonly fileNotify: boolean;
}

export const kubeletTimings: Timings = {
  relistMs: 1_000,
  tickMs: 1_000,
  housekeepingMs: 2_000,
  fileCheckMs: 20_000,
  httpCheckMs: 20_000,
  syncFrequencyMs: 60_000,
  errorRetryMs: 10_000,
  staticRetryMs: 10_000,
  networkRetryMs: 1_000,
  garbageCollectionMs: 60_000,
  statusMs: 10_000,
  runtimeStatusMs: 5_000,
  backoffInitialMs: 10_000,
  backoffMaxMs: 300_000,
  backoffResetMs: 600_000,
  callDeadlineMs: 120_000,
  fileNotify: true,
};

/** Every period at its useful minimum: most cases run with these. */
export const fastTimings: Timings = {
  ...kubeletTimings,
  fileCheckMs: 1_000,
  httpCheckMs: 1_000,
  syncFrequencyMs: 1_000,
  errorRetryMs: 1_000,
  staticRetryMs: 1_000,
  garbageCollectionMs: 5_000,
  statusMs: 1_000,
  backoffInitialMs: 1_000,
  backoffMaxMs: 10_000,
  backoffResetMs: 30_000,
  callDeadlineMs: 10_000,
};

/**
 * Fast, but with a re-sync that comes far later than everything else, so that it does not hide lost
 * observations. The kubelet's own 60 s say the same at three times the cost.
 */
export const slowResyncTimings: Timings = {
  ...fastTimings,
  syncFrequencyMs: 20_000,
  errorRetryMs: kubeletTimings.errorRetryMs,
};

/** For agent processes on real clocks whose periods can be set down to tens of milliseconds. */
export const liveTimings: Timings = {
  relistMs: 40,
  tickMs: 40,
  housekeepingMs: 80,
  fileCheckMs: 60,
  httpCheckMs: 60,
  syncFrequencyMs: 100,
  errorRetryMs: 80,
  staticRetryMs: 60,
  networkRetryMs: 40,
  garbageCollectionMs: 150,
  statusMs: 60,
  runtimeStatusMs: 80,
  backoffInitialMs: 100,
  backoffMaxMs: 400,
  backoffResetMs: 1_000,
  callDeadlineMs: 1_000,
  fileNotify: true,
};

/** The largest factor by which a period is stretched at random: [1, 1.5]. */
const jitterMax = 1.5;

/** Upper bounds derived from an agent's periods; the symbols are those of the requirement catalogue. */
export interface Bounds {
  readonly Tpleg: number;
  readonly Ttick: number;
  readonly Thk: number;
  readonly Tfile: number;
  readonly Thttp: number;
  readonly Tresync: number;
  readonly Terr: number;
  readonly Tstatic: number;
  readonly Tnet: number;
  readonly Tgc: number;
  readonly Tstat: number;
}

/** What removing takes beyond the period of garbage collection, in milliseconds. */
const collectionMs = 5_000;

/** GC-01: the longest that what is left of a removed pod stays in the runtime, in milliseconds. */
export function garbageBoundMs({ Tgc }: Pick<Bounds, 'Tgc'>): number {
  return 2 * Tgc + collectionMs;
}

/** The catalogue's time symbols for these periods, each at its upper end, in milliseconds. */
export function boundsOf(timings: Timings): Bounds {
  return {
    Tpleg: timings.relistMs,
    Ttick: timings.tickMs,
    Thk: timings.housekeepingMs,
    Tfile: timings.fileCheckMs,
    Thttp: timings.httpCheckMs,
    Tresync: jitterMax * timings.syncFrequencyMs + timings.tickMs,
    Terr: jitterMax * timings.errorRetryMs + timings.tickMs,
    Tstatic: jitterMax * timings.staticRetryMs + timings.tickMs,
    Tnet: jitterMax * timings.networkRetryMs + timings.tickMs,
    Tgc: timings.garbageCollectionMs,
    Tstat: timings.statusMs,
  };
}
