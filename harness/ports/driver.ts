import type { Timings } from '../spec/timings.js';
import type { SourceKind } from '../spec/pod.js';
import type { AgentFeature } from './agent.js';

/** What an agent says of itself; decides which steps make sense and which requirements apply. */
export interface AgentProfile {
  readonly name: string;
  readonly version?: string;
  readonly sources: readonly SourceKind[];
  readonly features: readonly AgentFeature[];
  /** Periods in force unless the agent has `settable-timings`. */
  readonly timings: Timings;
  /**
   * Where the agent finds directories of its own mounted over those of the machine: paths below its state directory, by
   * the place that it sees them at. The runtime does not see them there.
   */
  readonly mounts?: Readonly<Record<string, string>>;
}

/** What a live agent has to be told. */
export interface AgentEndpoints {
  readonly nodeName: string;
  /** `unix:///…` of the CRI server. */
  readonly runtime: string;
  readonly file?: string;
  readonly http?: string;
  /** Path of a kubeconfig file. */
  readonly api?: string;
  /** `unix:///…` of the feed. */
  readonly feed?: string;
  /** An own directory that survives restarts of the agent within one run. */
  readonly stateDirectory: string;
  readonly timings: Timings;
}

export interface AgentExit {
  readonly code?: number;
  readonly signal?: string;
  /** The last lines that it wrote. */
  readonly lastOutput: readonly string[];
  /** What they mean, where the driver knows its agent well enough. */
  readonly likelyCause?: LikelyCause;
}

export interface LikelyCause {
  /** A `machine` that lacks something says nothing about the agent. */
  readonly of: 'machine' | 'agent';
  /** A sentence for the user. */
  readonly words: string;
}

/** Starts and ends an agent that is a process, or waits for one that someone else starts. */
export interface AgentDriver {
  readonly profile: AgentProfile;
  /** It can be started with only some of its sources; otherwise it is always given all. */
  readonly takesAnySources?: boolean;
  /** Starts one life; rejects with a HarnessError (exit 69) when it cannot be started. */
  start(endpoints: AgentEndpoints, incarnation: number): Promise<AgentProcess>;
}

/** Processor time of a process since it was last asked for, in milliseconds, summed over its threads. */
export interface CpuTime {
  readonly usedMs: number;
  /** It was ready to run, and was not let run. */
  readonly waitedMs: number;
}

export interface AgentProcess {
  /** Resolves when the process has ended, by whomever. */
  readonly exited: Promise<AgentExit>;
  /** The last lines that it has written so far. */
  lastOutput(): readonly string[];
  /** Where that is known. */
  takeCpuTime?(): CpuTime | undefined;
  kill(): Promise<void>;
  /** SIGTERM, then SIGKILL after a bound. */
  stop(): Promise<void>;
  pause(): void;
  resume(): void;
}
