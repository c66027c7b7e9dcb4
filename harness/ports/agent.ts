import type { Timer } from '../core/clock.js';
import type { Pod } from '../spec/pod.js';
import type { Timings } from '../spec/timings.js';
import type { CriClient } from './cri.js';

/**
 * An agent as a module: `createAgent(ports)` returns one life of it. In `sim` the ports are the harness's own
 * and time is virtual; in `live` they are the real directory, URL, API server, feed and CRI socket. A crash
 * ends a life without a call: the ports go dead, and `createAgent` is called again.
 */
export type CreateAgent = (ports: AgentPorts) => Agent;

export interface Agent {
  /** Begins work; resolves or returns when its loops are set up. A rejection counts as the agent's exit. */
  start(): Promise<void> | void;
  /** Graceful end (SIGTERM): stops its loops and leaves the pods alone. */
  stop(): Promise<void> | void;
}

export interface AgentPorts {
  readonly nodeName: string;
  /** The periods it should use. */
  readonly timings: Timings;
  readonly clock: AgentClock;
  /** A number in [0, 1); seeded in sim. */
  readonly random: () => number;
  readonly runtime: CriClient;
  readonly sources: AgentSources;
  /** One line for the agent's log. */
  readonly log: (line: string) => void;
}

export interface AgentClock {
  /** Milliseconds since the epoch; in sim since {@link simEpochMs}. */
  now(): number;
  after(delayMs: number, callback: () => void): Timer;
}

/** What `Date.now()` and {@link AgentClock.now} read when a simulated run begins: 2026-01-01T00:00:00Z. */
export const simEpochMs = 1_767_225_600_000;

/** The sources that this agent is given; absent ones are not configured and nothing waits for them. */
export interface AgentSources {
  readonly file?: FilePort;
  readonly http?: HttpPort;
  readonly api?: ApiPort;
  readonly feed?: FeedPort;
}

export interface DirectoryEntry {
  readonly name: string;
  /** Symbolic links are followed: a link to a regular file is a `file`. */
  readonly type: 'file' | 'directory' | 'other';
}

/** A manifest directory. */
export interface FilePort {
  readonly path: string;
  /** Entries sorted by name. Rejects with an error whose `code` is `ENOENT` when the directory is missing. */
  list(): Promise<readonly DirectoryEntry[]>;
  /** Rejects with `code` ENOENT, EACCES or EISDIR. */
  read(name: string): Promise<string>;
  /** Calls back after something in the directory may have changed; may miss and may repeat. */
  watch(onChange: () => void): { close(): void };
}

/** A manifest URL. */
export interface HttpPort {
  readonly url: string;
  /** One GET. Rejects on connection errors, after `timeoutMs`, and when the body exceeds `maxBytes`. */
  get(options: {
    readonly timeoutMs: number;
    readonly maxBytes: number;
  }): Promise<{ readonly status: number; readonly body: string }>;
}

export interface ApiPortRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** For example `/api/v1/namespaces/default/pods/web/status`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Of the body; PATCH needs one of the Kubernetes patch types. */
  readonly contentType?: string;
  /** Media types for the answer, as an Accept header lists them. Default JSON. */
  readonly accept?: string;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  /** A Pod, or a Status for ERROR, or a bookmark that has only metadata.resourceVersion. */
  readonly object: {
    readonly kind?: string;
    readonly metadata?: { readonly resourceVersion?: string };
    readonly code?: number;
  } & Partial<Pod>;
}

/** The API server, at the level of its HTTP interface, already authenticated. */
export interface ApiPort {
  readonly url: string;
  /** Rejects when the connection fails or is cut; HTTP error statuses resolve with a Status body. */
  request(request: ApiPortRequest): Promise<{ readonly status: number; readonly body: unknown }>;
  /**
   * Opens a watch (`query` without `watch=1`). `onEnd` is called once when it ends, with the HTTP status when
   * the server refused it, or 0 when the connection was cut; 200 is a normal end.
   */
  watch(
    request: { readonly path: string; readonly query: Readonly<Record<string, string>> },
    onEvent: (event: WatchEvent) => void,
    onEnd: (status: number) => void,
  ): { close(): void };
}

/** One message of the feed: a complete snapshot first (which makes the source ready), changes after it. */
export interface FeedUpdate {
  /** Counts from 1 per subscription. */
  readonly revision: number;
  readonly type: 'SNAPSHOT' | 'ADD' | 'UPDATE' | 'REMOVE' | 'DELETE';
  /** SNAPSHOT: all pods. Others: the pods concerned; DELETE carries the deletionTimestamp. */
  readonly pods: readonly Pod[];
}

/** Pod updates pushed by gRPC, for agents that read no other source. */
export interface FeedPort {
  /** `onEnd` is called once when the stream breaks; subscribe again for a new snapshot. */
  subscribe(
    onUpdate: (update: FeedUpdate) => void,
    onEnd: () => void,
  ): { acknowledge(revision: number): void; close(): void };
}

/**
 * What an agent can do beyond running pods; each left out makes requirements not applicable, visibly.
 * The list is closed: an agent file that names another is malformed.
 */
export const agentFeatures = [
  /** Restarts containers by policy with crash back-off. */
  'restart-policy',
  'init-containers',
  'sidecars',
  'pre-stop',
  'probes',
  /** Writes pod status and deletes finished objects at the API server. */
  'status',
  'mirror-pods',
  /** Removes dead containers and sandboxes by itself. */
  'garbage-collection',
  /** Recovers what a previous life left in the runtime. */
  'adoption',
  /** Stops pods of this node that no source lists. */
  'orphan-cleanup',
  'image-pull',
  'host-network',
  /** Without an explicit UID, gives static pods one, and the node's name as suffix. */
  'static-identity',
  /** Takes its periods from the plan. */
  'settable-timings',
] as const;
export type AgentFeature = (typeof agentFeatures)[number];
