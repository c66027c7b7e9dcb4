import type { SourceKind } from '../spec/pod.js';
import type { SourceContext, SourceDisturbances } from '../ports/source.js';
import type { ApiRequest, SourceServed, TraceEvent, TraceEventBody } from '../trace/events.js';
import type { Journal } from '../trace/journal.js';

/** A part of a source whose transport is shared. */
export interface JournalPart {
  readonly context: SourceContext;
  owns(namespace: string | undefined): boolean;
  /** Of its last `source.held`. */
  heldRevision(): number;
}

/**
 * The journal of a transport that several plans share: hands each of them what concerns its own pods, as if nothing
 * else had been served. Of its own it keeps only when the agent was started.
 */
export function createSharedJournal(parts: ReadonlySet<JournalPart>): Journal {
  const events: TraceEvent[] = [];

  function recordServed(event: SourceServed): void {
    for (const part of parts) {
      const own = servedTo(part, event);
      if (own !== undefined) part.context.journal.record(own);
    }
  }

  function recordRequest(event: ApiRequest): void {
    for (const part of parts) if (isConcerned(part, event)) part.context.journal.record({ ...event });
  }

  function take(body: TraceEventBody): void {
    if (body.kind === 'source.served') recordServed(body);
    else if (body.kind === 'api.request') recordRequest(body);
    else if (body.kind === 'agent.started') events.push({ ...body, t: 0, seq: events.length });
  }

  return {
    events,
    record(body) {
      take(body);
      return { ...body, t: 0, seq: events.length } as TraceEvent;
    },
    stamp(event) {
      take(event);
      return event;
    },
  };
}

/** What a part sees of something served; undefined when it sees nothing of it. */
function servedTo(part: JournalPart, event: SourceServed): SourceServed | undefined {
  const { revision: _revision, ...rest } = event;
  const revision = event.revision === undefined ? {} : { revision: part.heldRevision() };
  if (event.pods === undefined || event.change === 'bookmark') return { ...rest, ...revision };
  const pods = event.pods.filter((pod) => part.owns(pod.metadata.namespace));
  if (event.outcome === 'change' && pods.length === 0) return undefined;
  return { ...rest, ...revision, pods };
}

/** Requests for its own objects, and those for all pods. */
function isConcerned(part: JournalPart, { resource, namespace, name }: ApiRequest): boolean {
  if (namespace !== undefined) return part.owns(namespace);
  return resource === 'pods' && name === undefined;
}

/** Faults and delays of the part that a request or an event concerns; those of all pods are undisturbed. */
export function sharedDisturbances(parts: ReadonlySet<JournalPart>): SourceDisturbances {
  return {
    fault(point) {
      if (point.source !== 'api' || point.namespace === undefined) return undefined;
      for (const part of parts) if (part.owns(point.namespace)) return part.context.disturbances.fault(point);
      return undefined;
    },
    deliveryDelayMs: () => 0,
  };
}

/** What a plan sees of a source when it begins: it is there, and lists nothing of the plan's. */
export function emptyList(source: SourceKind, revision: number): SourceServed {
  return { kind: 'source.served', actor: `source:${source}`, source, outcome: 'list', revision, pods: [] };
}
