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
  const ownerOf = createOwners(parts);

  function recordServed(event: SourceServed): void {
    for (const part of parts) {
      const own = servedTo(part, event);
      if (own !== undefined) part.context.journal.record(own);
    }
  }

  /** Requests for a part's own objects, and those for all pods. */
  function recordRequest(event: ApiRequest): void {
    if (event.namespace !== undefined) ownerOf(event.namespace)?.context.journal.record({ ...event });
    else if (event.resource === 'pods' && event.name === undefined)
      for (const part of parts) part.context.journal.record({ ...event });
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

/** Tells whose a namespace is. It is asked with every request, so that what was found is remembered. */
function createOwners(
  parts: ReadonlySet<JournalPart>,
): (namespace: string | undefined) => JournalPart | undefined {
  const known = new Map<string, JournalPart>();
  return (namespace) => {
    if (namespace === undefined) return undefined;
    const found = known.get(namespace);
    if (found !== undefined && parts.has(found)) return found;
    known.delete(namespace);
    for (const part of parts) {
      if (!part.owns(namespace)) continue;
      known.set(namespace, part);
      return part;
    }
    return undefined;
  };
}

/** Faults and delays of the part that a request or an event concerns; those of all pods are undisturbed. */
export function sharedDisturbances(parts: ReadonlySet<JournalPart>): SourceDisturbances {
  const ownerOf = createOwners(parts);
  return {
    fault: (point) =>
      point.source === 'api' ? ownerOf(point.namespace)?.context.disturbances.fault(point) : undefined,
    deliveryDelayMs: () => 0,
  };
}

/** What a plan sees of a source when it begins: it is there, and lists nothing of the plan's. */
export function emptyList(source: SourceKind, revision: number): SourceServed {
  return { kind: 'source.served', actor: `source:${source}`, source, outcome: 'list', revision, pods: [] };
}
