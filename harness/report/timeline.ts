import { writeMethods } from '../spec/plan.js';
import { isStaticSource, type Pod } from '../spec/pod.js';
import type { ContainerChanged, RuntimeRequest, SourceHeld, Stamp, TraceEvent } from '../trace/events.js';
import { eventWords } from './event-words.js';
import { printable } from './sanitize.js';
import { callWords } from './timeline-words.js';

/** What a timeline draws, without saying where: times in milliseconds of the run. */
export interface Timeline {
  readonly startMs: number;
  readonly endMs: number;
  readonly lanes: readonly Lane[];
  /** Pods, or events at the begin and the end of the run, that were left out. */
  readonly leftOut: { readonly pods: number; readonly events: number };
}

export interface Lane {
  /** Lanes of one group stand together under its name. */
  readonly group: string;
  readonly name: string;
  readonly spans: readonly Span[];
  readonly points: readonly Point[];
}

export type Tone = 'calm' | 'good' | 'busy' | 'bad' | 'note';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly label: string;
  /** The whole sentence. */
  readonly title: string;
  readonly tone: Tone;
}

export interface Point {
  readonly atMs: number;
  /** Drawn inside the mark when it is short; empty for a plain dot. */
  readonly label: string;
  readonly title: string;
  readonly tone: Tone;
}

const eventsMax = 4_000;
const podsMax = 12;
/** Of what a runtime answered, in characters. */
const answerMax = 300;
const apiWrites = new Set(['create', 'update', 'patch', 'delete']);

/** The lanes of a trace around the time of a violation: steps, sources, the agent, and each pod. */
export function timelineOf(
  trace: readonly TraceEvent[],
  violation: { readonly atMs: number; readonly subject: string },
): Timeline {
  const events = around(trace, violation.atMs);
  const startMs = events[0]?.t ?? 0;
  const endMs = Math.max(violation.atMs, events.at(-1)?.t ?? 0);
  const first = trace.find((event) => event.kind === 'run.started');
  const nodeName = first?.kind === 'run.started' ? first.nodeName : '';
  const pods = podNames(events, nodeName, violation.subject);
  const shown = pods.slice(0, podsMax);
  const lanes = [
    phaseLane(events, endMs),
    stepLane(events),
    faultLane(events),
    ...sourceLanes(events, endMs),
    agentLane(events, endMs),
    writeLane(events),
    ...shown.flatMap((pod) => podLanes(pod, events, { nodeName, endMs })),
  ].filter((lane) => lane.spans.length > 0 || lane.points.length > 0);
  return {
    startMs,
    endMs,
    lanes,
    leftOut: { pods: pods.length - shown.length, events: trace.length - events.length },
  };
}

/** The part of a long trace that leads up to the violation, and a little of what follows. */
function around(trace: readonly TraceEvent[], atMs: number): readonly TraceEvent[] {
  if (trace.length <= eventsMax) return trace;
  const after = trace.findIndex((event) => event.t > atMs);
  const end = Math.min(trace.length, (after === -1 ? trace.length : after) + eventsMax / 4);
  return trace.slice(Math.max(0, end - eventsMax), end);
}

function phaseLane(events: readonly TraceEvent[], endMs: number): Lane {
  const phases = events.filter((event) => event.kind === 'phase');
  const spans = phases.map((event, index): Span => ({
    fromMs: event.t,
    toMs: phases[index + 1]?.t ?? endMs,
    label: event.phase,
    title: eventWords(event),
    tone: event.phase === 'chaos' ? 'busy' : 'calm',
  }));
  return { group: 'Run', name: 'phase', spans, points: [] };
}

/** Steps carry the number that they have in the list of steps. */
function stepLane(events: readonly TraceEvent[]): Lane {
  const points: Point[] = [];
  for (const event of events) {
    if (event.kind !== 'step') continue;
    const tone = event.applied ? 'busy' : 'calm';
    points.push({ atMs: event.t, label: stepLabel(event.id), title: eventWords(event), tone });
  }
  return { group: 'Run', name: 'steps', spans: [], points };
}

function stepLabel(id: string): string {
  return id.length <= 4 ? id : `${id.slice(0, 3)}…`;
}

function faultLane(events: readonly TraceEvent[]): Lane {
  const points: Point[] = [];
  for (const event of events) {
    if (event.kind === 'fault') {
      points.push({ atMs: event.t, label: `F${event.fault + 1}`, title: eventWords(event), tone: 'bad' });
    }
  }
  return { group: 'Run', name: 'faults', spans: [], points };
}

function sourceLanes(events: readonly TraceEvent[], endMs: number): Lane[] {
  const lanes = new Map<string, { held: (Stamp & SourceHeld)[]; points: Point[] }>();
  for (const event of events) {
    if (event.kind !== 'source.held' && event.kind !== 'source.served') continue;
    const lane = lanes.get(event.source) ?? { held: [], points: [] };
    lanes.set(event.source, lane);
    if (event.kind === 'source.held') lane.held.push(event);
    else {
      const tone = event.outcome === 'error' ? 'bad' : event.stale === true ? 'note' : 'good';
      lane.points.push({ atMs: event.t, label: '', title: eventWords(event), tone });
    }
  }
  return [...lanes].flatMap(([source, { held, points }]) => [
    { group: 'Sources', name: source, spans: heldSpans(held, endMs), points: [] },
    // Beside the bars, not on them: a dot must not hide what the bar says.
    { group: 'Sources', name: `${source} shown`, spans: [], points },
  ]);
}

function heldSpans(held: readonly (Stamp & SourceHeld)[], endMs: number): Span[] {
  return held.map((event, index) => ({
    fromMs: event.t,
    toMs: held[index + 1]?.t ?? endMs,
    label: event.valid === false ? 'invalid' : `holds ${event.pods.length}`,
    title: eventWords(event),
    tone: event.valid === false ? 'bad' : 'calm',
  }));
}

function agentLane(events: readonly TraceEvent[], endMs: number): Lane {
  const spans: Span[] = [];
  const points: Point[] = [];
  let started: TraceEvent | undefined;
  let life = 1;
  for (const event of events) {
    if (event.kind === 'agent.started') {
      started = event;
      life = event.incarnation;
    } else if (event.kind === 'agent.ended') {
      const fromMs = started?.t ?? events[0]?.t ?? 0;
      spans.push({
        fromMs,
        toMs: event.t,
        label: `life ${life}`,
        title: `the agent's life ${life}`,
        tone: 'good',
      });
      points.push({ atMs: event.t, label: '✕', title: eventWords(event), tone: 'bad' });
      started = undefined;
      life += 1;
    }
  }
  if (started !== undefined) {
    const title = `the agent's life ${life}`;
    spans.push({ fromMs: started.t, toMs: endMs, label: `life ${life}`, title, tone: 'good' });
  }
  return { group: 'Agent', name: 'agent', spans, points };
}

/** What the agent writes to the API server: its statuses, mirror pods and deletions. */
function writeLane(events: readonly TraceEvent[]): Lane {
  const points: Point[] = [];
  for (const event of events) {
    if (event.kind !== 'api.request' || !apiWrites.has(event.verb)) continue;
    const tone = event.status >= 200 && event.status < 300 ? 'busy' : 'bad';
    points.push({ atMs: event.t, label: '', title: eventWords(event), tone });
  }
  return { group: 'Agent', name: 'API writes', spans: [], points };
}

/** Full names of all pods that were wanted or ran, those that the finding is about first. */
function podNames(events: readonly TraceEvent[], nodeName: string, subject: string): string[] {
  const names = new Set<string>();
  for (const event of events) {
    if (event.kind === 'source.held')
      for (const pod of event.pods) names.add(wantedName(pod, event, nodeName));
    else if (event.kind === 'container' || event.kind === 'sandbox')
      names.add(`${event.podNamespace}/${event.podName}`);
  }
  const isSubject = (name: string): boolean => subject.includes(name.slice(name.indexOf('/') + 1));
  return [...names].sort((left, right) => Number(isSubject(right)) - Number(isSubject(left)));
}

function wantedName(pod: Pod, event: SourceHeld, nodeName: string): string {
  const suffix = isStaticSource(event.source) && nodeName !== '' ? `-${nodeName}` : '';
  return `${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}${suffix}`;
}

interface PodContext {
  readonly nodeName: string;
  readonly endMs: number;
}

function podLanes(pod: string, events: readonly TraceEvent[], context: PodContext): Lane[] {
  return [
    { group: pod, name: 'wanted', spans: wantedSpans(pod, events, context), points: [] },
    { group: pod, name: 'actual', spans: actualSpans(pod, events, context), points: exitPoints(pod, events) },
    { group: pod, name: 'calls', spans: callSpans(pod, events, context), points: [] },
  ];
}

/** A span for each stretch in which a source holds the pod in one version. */
function wantedSpans(pod: string, events: readonly TraceEvent[], context: PodContext): Span[] {
  const spans: Span[] = [];
  const open = new Map<string, { span: Omit<Span, 'toMs'>; content: string }>();
  const close = (source: string, toMs: number): void => {
    const known = open.get(source);
    if (known !== undefined) spans.push({ ...known.span, toMs });
    open.delete(source);
  };
  for (const event of events) {
    if (event.kind !== 'source.held') continue;
    const held = event.pods.find((candidate) => wantedName(candidate, event, context.nodeName) === pod);
    const content =
      held === undefined
        ? ''
        : JSON.stringify([held.metadata.uid, held.metadata.deletionTimestamp, held.spec]);
    if (content === (open.get(event.source)?.content ?? '')) continue;
    const edited = open.has(event.source);
    close(event.source, event.t);
    if (held === undefined) continue;
    const deleting = held.metadata.deletionTimestamp !== undefined;
    const uid = held.metadata.uid === undefined ? '' : `, UID ${held.metadata.uid}`;
    const label = `${event.source}${deleting ? ' deleting' : edited ? ' edited' : ''}`;
    const span = {
      fromMs: event.t,
      label,
      title: `wanted by ${label}${uid}`,
      tone: deleting ? 'note' : 'calm',
    } as const;
    open.set(event.source, { span, content });
  }
  for (const source of open.keys()) close(source, context.endMs);
  return spans;
}

/** A span for each container's time of running, and a pale one for each sandbox's time of being ready. */
function actualSpans(pod: string, events: readonly TraceEvent[], context: PodContext): Span[] {
  const spans: Span[] = [];
  const open = new Map<string, Omit<Span, 'toMs'>>();
  for (const event of events) {
    if (event.kind !== 'container' && event.kind !== 'sandbox') continue;
    if (`${event.podNamespace}/${event.podName}` !== pod) continue;
    const key = `${event.kind} ${event.id}`;
    const begins = event.kind === 'container' ? event.state === 'running' : event.state === 'ready';
    const known = open.get(key);
    if (begins) {
      if (known !== undefined) continue;
      const label =
        event.kind === 'container' ? `${event.name} #${event.attempt}` : `sandbox #${event.attempt}`;
      const title = `${label} ${event.kind === 'container' ? 'runs' : 'is ready'}, UID ${event.podUid}, id ${event.id.slice(0, 12)}`;
      open.set(key, { fromMs: event.t, label, title, tone: event.kind === 'container' ? 'good' : 'calm' });
    } else if (known !== undefined) {
      spans.push({ ...known, toMs: event.t });
      open.delete(key);
    }
  }
  for (const span of open.values()) spans.push({ ...span, toMs: context.endMs });
  return spans.sort((left, right) => left.fromMs - right.fromMs);
}

function exitPoints(pod: string, events: readonly TraceEvent[]): Point[] {
  return events
    .filter((event): event is TraceEvent & ContainerChanged => event.kind === 'container')
    .filter((event) => event.state === 'exited' && event.cause !== 'agent')
    .filter((event) => `${event.podNamespace}/${event.podName}` === pod)
    .map((event) => ({ atMs: event.t, label: '', title: eventWords(event), tone: 'bad' }));
}

/** The agent's writing calls for the pod, from request to reply. */
function callSpans(pod: string, events: readonly TraceEvent[], context: PodContext): Span[] {
  const owners = new Map<string, string>();
  const replies = new Map<number, { atMs: number; isOk: boolean; words: string }>();
  for (const event of events) {
    if (event.kind === 'container' || event.kind === 'sandbox')
      owners.set(event.id, `${event.podNamespace}/${event.podName}`);
    else if (event.kind === 'runtime.reply') {
      const message = event.code === 'OK' || event.message === undefined ? '' : `: ${event.message}`;
      const words = printable(`${event.code}${message}`, answerMax);
      replies.set(event.call, { atMs: event.t, isOk: event.code === 'OK', words });
    }
  }
  const deaths = events.filter((event) => event.kind === 'agent.ended').map((event) => event.t);
  const spans: Span[] = [];
  for (const event of events) {
    if (event.kind !== 'runtime.request' || !writeMethods.has(event.method)) continue;
    if (ownerOf(event, owners) !== pod) continue;
    const reply = replies.get(event.call);
    spans.push({
      fromMs: event.t,
      // A call that was not answered lasts as long as its caller.
      toMs: reply?.atMs ?? deaths.find((ms) => ms >= event.t) ?? context.endMs,
      label: callWords(event),
      title: `${eventWords(event)}: ${reply?.words ?? 'no answer'}`,
      tone: reply?.isOk === true ? 'busy' : 'bad',
    });
  }
  return spans;
}

function ownerOf(event: RuntimeRequest, owners: ReadonlyMap<string, string>): string | undefined {
  if (event.podName !== undefined) return `${event.podNamespace ?? 'default'}/${event.podName}`;
  return owners.get(event.containerId ?? event.sandboxId ?? '');
}
