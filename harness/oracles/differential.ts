import { createModel } from '../model/model.js';
import type { Model } from '../model/model.js';
import type { ModelView } from '../model/model-view.js';
import { meaningOf } from '../model/pod-meaning.js';
import { standingOf } from '../model/standing.js';
import { parseWorkload } from '../spec/workload.js';
import type { Finding } from '../spec/verdict.js';
import type { TraceEvent } from '../trace/events.js';

/**
 * The state after a history with faults equals the state that a fresh agent reaches when it is given only what
 * is wanted in the end, apart from identifiers and attempt numbers. Pods that
 * end of themselves, and names that several entries claim, are left out.
 */
export function compareFinalStates(history: FinalState, fresh: FinalState): Finding[] {
  const findings: Finding[] = [];
  const names = new Set([...history.pods.keys(), ...fresh.pods.keys()]);
  for (const name of names) {
    if (history.open.has(name) || fresh.open.has(name)) continue;
    // An agent's own writes shape what an API server holds: only equal wishes can be compared.
    if (history.wanted.get(name) !== fresh.wanted.get(name)) continue;
    const seen = history.pods.get(name) ?? 'nothing of it';
    const expected = fresh.pods.get(name) ?? 'nothing of it';
    if (seen === expected) continue;
    findings.push({
      requirement: 'QUIET-02',
      subject: { role: 'pod beside a fresh agent', name },
      expected: `As with a fresh agent that is given only what is wanted in the end: ${expected}.`,
      seen: `After the whole history: ${seen}.`,
      atMs: history.atMs,
      events: [history.restSeq, ...(history.events.get(name) ?? [])].sort((left, right) => left - right),
    });
  }
  return findings;
}

/** What a run came to. */
export interface FinalState {
  /** By full name: what runs of it, in words. */
  readonly pods: ReadonlyMap<string, string>;
  /** By full name: what the sources listed under it. */
  readonly wanted: ReadonlyMap<string, string>;
  /** Names about which nothing certain can be said. */
  readonly open: ReadonlySet<string>;
  readonly events: ReadonlyMap<string, readonly number[]>;
  readonly atMs: number;
  readonly restSeq: number;
}

/** What a fresh agent comes to that is given nothing. */
const nothing: FinalState = {
  pods: new Map(),
  wanted: new Map(),
  open: new Set(),
  events: new Map(),
  atMs: 0,
  restSeq: 0,
};

/** What a fresh agent would come to after this history; undefined when only an execution can tell. */
export function foretellFresh(history: FinalState): FinalState | undefined {
  for (const name of history.wanted.keys()) if (!history.open.has(name)) return undefined;
  return nothing;
}

/** Reads one run's events as they come. */
export interface FinalStateReader {
  onEvent(event: TraceEvent): void;
  /** The state when the world was found at rest; undefined when it never was. */
  state(): FinalState | undefined;
}

export function createFinalStateReader(): FinalStateReader {
  let model: Model | undefined;
  let state: FinalState | undefined;
  return {
    onEvent(event) {
      if (event.kind === 'run.started') model = createModel(event);
      model?.apply(event);
      if (event.kind === 'phase' && event.phase === 'settled' && model !== undefined)
        state ??= finalStateOf(model);
    },
    state: () => state,
  };
}

/** The state of a run that is at rest now. */
export function finalStateOf(model: ModelView): FinalState {
  const pods = new Map<string, string>();
  const open = new Set<string>();
  const events = new Map<string, number[]>();
  const wanted = new Map<string, string>();
  for (const entry of model.desired.all) {
    const claims = model.desired.byName(entry.fullName).filter((other) => other.pods.length > 0);
    if (entry.pods.length > 0) wanted.set(entry.fullName, entry.pods.map(meaningOf).join('\n'));
    const isShared = entry.uid !== undefined && model.desired.byUid(entry.uid).length > 1;
    if (claims.length > 1 || entry.pods.length > 1 || isShared || entry.uncertain || entry.undeleted)
      open.add(entry.fullName);
    // A pod that ends, or may end, has a past that a fresh agent does not know.
    if (entry.pod.spec.restartPolicy === 'Never' || entry.pod.spec.restartPolicy === 'OnFailure') {
      open.add(entry.fullName);
    }
    const containers = [...(entry.pod.spec.initContainers ?? []), ...entry.pod.spec.containers];
    if (containers.some((container) => parseWorkload(container.args ?? []).runMs !== undefined)) {
      open.add(entry.fullName);
    }
  }
  for (const pod of model.actual.pods.values()) {
    if (pod.readyCount === 0 && pod.runningCount === 0) continue;
    const standing = standingOf(model, pod);
    if (standing.is === 'contested' || standing.is === 'uncertain') open.add(pod.fullName);
    const running = [...pod.containers.values()]
      .filter((container) => container.state === 'running')
      .map((container) => `${container.name} with ${container.image}`)
      .sort();
    // One that waits out its back-off runs sooner or later, which is not to be compared.
    for (const history of pod.history.values()) {
      if (history.exits > 0 && history.latest?.state !== 'running') open.add(pod.fullName);
    }
    const text = `${pod.readyCount} ready sandbox${pod.readyCount === 1 ? '' : 'es'}, running ${running.join(', ') || 'nothing'}`;
    const known = pods.get(pod.fullName);
    pods.set(pod.fullName, known === undefined ? text : [known, text].sort().join('; '));
    events.set(pod.fullName, [...(events.get(pod.fullName) ?? []), pod.firstSeq]);
  }
  return { pods, wanted, open, events, atMs: model.t, restSeq: model.seq };
}
