import type { SourceKind } from '../spec/pod.js';
import type { SourceContext, SourceDisturbances } from '../ports/source.js';
import type { ApiRequest, SourceServed, TraceEvent, TraceEventBody } from '../trace/events.js';
import type { Journal } from '../trace/journal.js';
import type { Parts, SourceShare } from './parts.js';

/** A part of a source whose transport is shared. */
export interface JournalPart extends SourceShare {
  readonly context: SourceContext;
  /** Of its last `source.held`. */
  heldRevision(): number;
}

/**
 * The journal of a transport that several plans share: hands each of them what concerns its own pods, as if nothing
 * else had been served. Of its own it keeps only when the agent was started.
 */
export function createSharedJournal(parts: Parts<JournalPart>): Journal {
  const events: TraceEvent[] = [];

  /** Who may see something of it: a change of pods is nothing to those who own none of them. */
  function audienceOf({ outcome, change, pods }: SourceServed): Iterable<JournalPart> {
    if (outcome !== 'change' || change === 'bookmark' || pods === undefined) return parts;
    const owners = pods.map((pod) => parts.ownerOf(pod.metadata.namespace));
    return new Set(owners.filter((owner) => owner !== undefined));
  }

  function recordServed(event: SourceServed): void {
    for (const part of audienceOf(event)) part.context.journal.record(servedTo(parts, part, event));
  }

  /** Requests for a part's own objects, and those for all pods. */
  function recordRequest(event: ApiRequest): void {
    if (event.namespace !== undefined) parts.ownerOf(event.namespace)?.context.journal.record(event);
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
      // The journals of the parts stamp what they keep.
      return body as TraceEvent;
    },
    stamp(event) {
      take(event);
      return event;
    },
  };
}

/** What a part sees of something served. */
function servedTo(parts: Parts<JournalPart>, part: JournalPart, event: SourceServed): SourceServed {
  const seen: { -readonly [Field in keyof SourceServed]: SourceServed[Field] } = { ...event };
  if (event.revision !== undefined) seen.revision = part.heldRevision();
  if (event.pods !== undefined && event.change !== 'bookmark')
    seen.pods = event.pods.filter((pod) => parts.ownerOf(pod.metadata.namespace) === part);
  return seen;
}

/** Faults and delays of the part that a request or an event concerns; those of all pods are undisturbed. */
export function sharedDisturbances(parts: Parts<JournalPart>): SourceDisturbances {
  return {
    fault: (point) =>
      point.source === 'api' ? parts.ownerOf(point.namespace)?.context.disturbances.fault(point) : undefined,
    deliveryDelayMs: () => 0,
  };
}

/** What a plan sees of a source when it begins: it is there, and lists nothing of the plan's. */
export function emptyList(source: SourceKind, revision: number): SourceServed {
  return { kind: 'source.served', actor: `source:${source}`, source, outcome: 'list', revision, pods: [] };
}
