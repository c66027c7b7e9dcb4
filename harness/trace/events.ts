import type { Pod, SourceKind } from '../spec/pod.js';
import type { CriMethod, GrpcCode } from '../spec/plan.js';
import type { Timings } from '../spec/timings.js';

/** Version of the trace format. */
export const traceVersion = 1;

/**
 * One line of a trace. `t` is milliseconds since the run began, `seq` counts from 0 without gaps, `actor` did
 * it. The union is on `kind`. Values inside are immutable and may be shared between events.
 */
export type TraceEvent = Stamp & TraceEventBody;

export interface Stamp {
  readonly t: number;
  readonly seq: number;
}

export type TraceEventBody =
  | RunStarted
  | PhaseChanged
  | StepApplied
  | FaultFired
  | AgentStarted
  | AgentEnded
  | SourceHeld
  | SourceServed
  | ApiRequest
  | RuntimeRequest
  | RuntimeEffect
  | RuntimeReply
  | SandboxChanged
  | ContainerChanged
  | ImageChanged
  | RuntimeEventSent
  | Stalled
  | RunEnded;

/** First event of every trace: all that an oracle must know of the run beyond what happens in it. */
export interface RunStarted {
  readonly kind: 'run.started';
  readonly actor: 'harness';
  readonly trace: 1;
  readonly world: 'sim' | 'live';
  /** The name of the node, which suffixes static pods. */
  readonly nodeName: string;
  readonly sources: readonly SourceKind[];
  /** The periods in force. */
  readonly timings: Timings;
  /** Features that the agent declares; see `ports/agent.ts`. */
  readonly features: readonly string[];
  /** Added to every upper time bound: 0 in sim; in live what a busy machine may cost, in milliseconds. */
  readonly slackMs: number;
  /** Somebody else started the agent, before the trace began: what it did first was not seen. */
  readonly attached?: true;
  /** The agent ran already, and other plans ran in it beside this one: the number of this one's lane. */
  readonly lane?: number;
}

export interface PhaseChanged {
  readonly kind: 'phase';
  readonly actor: 'harness';
  /** `settled`: nothing has changed for as long as the bounds ask; `unsettled`: the deadline came first. */
  readonly phase: 'chaos' | 'heal' | 'settle' | 'settled' | 'unsettled' | 'quiet';
}

/** A step was executed, or was a no-op. */
export interface StepApplied {
  readonly kind: 'step';
  readonly actor: 'harness';
  readonly id: string;
  readonly do: string;
  readonly applied: boolean;
  /** Why it was a no-op. */
  readonly why?: string;
}

/** A fault or deviation of the plan took hold. `fault` is its index in the plan's faults. */
export interface FaultFired {
  readonly kind: 'fault';
  readonly actor: 'harness';
  readonly fault: number;
  readonly effect: string;
  readonly target: string;
}

export interface AgentStarted {
  readonly kind: 'agent.started';
  readonly actor: 'agent';
  /** Counts from 1. */
  readonly incarnation: number;
}

export interface AgentEnded {
  readonly kind: 'agent.ended';
  readonly actor: 'agent';
  readonly incarnation: number;
  /** `killed`, `stopped`: by the plan. `crashed`: by a fault of the plan. `exited`: on its own. */
  readonly cause: 'killed' | 'stopped' | 'crashed' | 'exited';
  /** For `exited`: exit code, signal and error output, as far as known. */
  readonly detail?: string;
}

/** One manifest file, as held in the directory. */
export interface HeldFile {
  readonly name: string;
  readonly type: 'file' | 'directory';
  readonly readable: boolean;
  /** The pod that its text says, when it is a valid manifest. Raw: no defaults, no suffix. */
  readonly pod?: Pod;
  readonly text: string;
}

/**
 * What a source holds has changed. For `file` this is what the agent can read from now on; for the others
 * what they will serve when nothing disturbs them.
 */
export interface SourceHeld {
  readonly kind: 'source.held';
  readonly actor: `source:${SourceKind}`;
  readonly source: SourceKind;
  /** Counts from 1 per source. */
  readonly revision: number;
  /** The valid pods held, raw, in order; for files, those of discoverable valid files. */
  readonly pods: readonly Pod[];
  /** File source only: the directory. Absent: the directory itself is missing. */
  readonly files?: readonly HeldFile[];
  /** HTTP source only: the document as text. */
  readonly document?: string;
  /** HTTP source only: false when the document held cannot be decoded or is not wholly valid. */
  readonly valid?: boolean;
}

/**
 * The agent was shown something by a source: a directory read (sim only), the answer to a poll, a list, a
 * watch event, a feed message. Stamped when the agent gets it.
 */
export interface SourceServed {
  readonly kind: 'source.served';
  readonly actor: `source:${SourceKind}`;
  readonly source: SourceKind;
  /** Of `source.held`; absent when no held revision was shown (errors). */
  readonly revision?: number;
  readonly outcome:
    /** A complete list: `pods` replaces all. */
    | 'list'
    /** One change against the list before: `pods[0]`, in the way of `change`. */
    | 'change'
    /** An answer that says nothing about pods: error, undecodable, oversize, 304, hang. The set stays. */
    | 'error'
    /** Directory read with some files unreadable or undecodable: `pods` are the valid ones, `bad` the rest. */
    | 'partial';
  readonly pods?: readonly Pod[];
  /** File source only, when the directory changed during the look: the file that each of `pods` was read from. */
  readonly names?: readonly string[];
  readonly change?: 'added' | 'modified' | 'deleted' | 'bookmark';
  /** Names of files that could not be read or decoded. */
  readonly bad?: readonly string[];
  /** `status 500`, `undecodable` … */
  readonly detail?: string;
  /** A list or event older than what was served before (fault `stale`). */
  readonly stale?: boolean;
}

/** A request of the agent to the API server and its answer (watches: their opening). */
export interface ApiRequest {
  readonly kind: 'api.request';
  readonly actor: 'agent';
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** HTTP status answered; 0 when the connection was cut or hung. */
  readonly status: number;
  /** The object after a successful write. */
  readonly result?: unknown;
}

/** Whom a runtime call concerns, as far as its message or the ids in it say. */
export interface CallTarget {
  readonly podUid?: string;
  readonly podNamespace?: string;
  readonly podName?: string;
  readonly sandboxId?: string;
  readonly container?: string;
  readonly containerId?: string;
}

/** The agent made a runtime call. `call` joins request, effect and reply; it counts from 1. */
export interface RuntimeRequest extends CallTarget {
  readonly kind: 'runtime.request';
  readonly actor: 'agent';
  readonly call: number;
  readonly method: CriMethod;
  readonly incarnation: number;
  /** The CRI message (`ports/cri.ts`), by reference. */
  readonly request: object;
}

/** The call took effect in the runtime, or was refused by it. Absent when a fault came before the effect. */
export interface RuntimeEffect {
  readonly kind: 'runtime.effect';
  readonly actor: 'runtime';
  readonly call: number;
  readonly method: CriMethod;
  readonly code: 'OK' | GrpcCode;
  /** The id that RunPodSandbox and CreateContainer made. */
  readonly id?: string;
}

/** The agent got the answer. Absent when the call hung until the agent was gone. */
export interface RuntimeReply {
  readonly kind: 'runtime.reply';
  readonly actor: 'runtime';
  readonly call: number;
  readonly method: CriMethod;
  readonly code: 'OK' | GrpcCode;
  readonly message?: string;
  /** The CRI message of an OK reply, by reference; it may be stale or partial when a fault made it so. */
  readonly response?: object;
  /** Lists: the `seq` of the last event that the answer takes into account. */
  readonly asOf?: number;
}

/** Why a sandbox or container changed its state. */
export type ChangeCause = 'agent' | 'workload' | 'outside' | 'runtime';

export interface SandboxChanged {
  readonly kind: 'sandbox';
  readonly actor: 'runtime' | 'outside';
  readonly id: string;
  readonly podUid: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly attempt: number;
  readonly state: 'ready' | 'notReady' | 'removed';
  readonly cause: ChangeCause;
}

export interface ContainerChanged {
  readonly kind: 'container';
  readonly actor: 'runtime' | 'workload' | 'outside';
  readonly id: string;
  readonly sandboxId: string;
  readonly podUid: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly state: 'created' | 'running' | 'exited' | 'removed';
  readonly exitCode?: number;
  /** For `exited`: how long ago it had ended when that was seen, in milliseconds, where the runtime says so. */
  readonly lateMs?: number;
  readonly cause: ChangeCause;
}

export interface ImageChanged {
  readonly kind: 'image';
  readonly actor: 'runtime' | 'outside';
  readonly image: string;
  readonly present: boolean;
  readonly cause: ChangeCause;
}

/** An event on the agent's GetContainerEvents stream. */
export interface RuntimeEventSent {
  readonly kind: 'runtime.event';
  readonly actor: 'runtime';
  readonly containerId: string;
  readonly type:
    | 'CONTAINER_CREATED_EVENT'
    | 'CONTAINER_STARTED_EVENT'
    | 'CONTAINER_STOPPED_EVENT'
    | 'CONTAINER_DELETED_EVENT';
  readonly delivered: 'once' | 'lost' | 'twice';
}

/**
 * The machine did not let the harness run, and so perhaps not the agent either, or it did not let the agent run, or a real
 * runtime answered nobody. Only on a real clock.
 */
export interface Stalled {
  readonly kind: 'stalled';
  readonly actor: 'harness';
  /** For how long, in milliseconds, until now. */
  readonly ms: number;
}

/** Last event of a complete trace. */
export interface RunEnded {
  readonly kind: 'run.ended';
  readonly actor: 'harness';
  /** `complete`, or why the run was cut short: `limit` (too many events or calls), `agentGone`, `interrupted`. */
  readonly outcome: 'complete' | 'limit' | 'agentGone' | 'interrupted';
  readonly detail?: string;
}
