import type { CriMethod } from '../spec/plan.js';
import type { Bounds } from '../spec/timings.js';
import { boundsOf } from '../spec/timings.js';
import type {
  AgentStarted,
  FaultFired,
  PhaseChanged,
  RunStarted,
  RuntimeEffect,
  RuntimeReply,
  RuntimeRequest,
  SourceHeld,
  SourceServed,
  Stamp,
  TraceEvent,
} from '../trace/events.js';
import type { ActualContainer, ActualPod, ActualPods, ActualSandbox } from './actual-pods.js';
import { createActualPods } from './actual-pods.js';
import type { DesiredPod, DesiredPods, ServedChange } from './desired-pods.js';
import { createDesiredPods } from './desired-pods.js';
import { containerContent, findContainer } from './pod-meaning.js';
import { instancesOf, standingOf } from './standing.js';
import type { StopReason } from './stop-reason.js';
import { differs, stopReasonOf, tearsDown } from './stop-reason.js';

/** A state-changing call, or an ExecSync, whose answer is awaited or has just come. */
export interface Call {
  readonly request: RuntimeRequest & Stamp;
  readonly pod: ActualPod | undefined;
  readonly sandbox: ActualSandbox | undefined;
  readonly container: ActualContainer | undefined;
  /** For calls that stop or remove something: why they may. */
  readonly reason: StopReason | undefined;
  /** State when the agent asked: the container ran, the sandbox was ready. */
  readonly hitsLive: boolean;
  effect: (RuntimeEffect & Stamp) | undefined;
  /** The life that made it has ended; what it does in the runtime still counts. */
  abandoned: boolean;
}

/** All that the oracles may ask. Brought up to date before each event is handed to them. */
export interface ModelView {
  readonly run: RunStarted;
  readonly bounds: Bounds;
  readonly t: number;
  readonly seq: number;
  readonly phase: PhaseChanged['phase'] | 'start';
  readonly incarnation: number;
  readonly agentUp: boolean;
  readonly agentStartedAtMs: number;
  readonly agentStartedSeq: number;
  readonly desired: DesiredPods;
  readonly actual: ActualPods;
  /** Of the present event, when it is `source.served`. */
  readonly served: ServedChange | undefined;
  /** The last served message that changed something, and the last of all. */
  readonly lastServed: ServedChange | undefined;
  /** When the agent was last shown something that changes what is wanted, in milliseconds. */
  readonly wantedChangedAtMs: number;
  /** Of the present event, when it belongs to a call that is followed. */
  readonly call: Call | undefined;
  /** The last list call that failed, the last that succeeded. */
  readonly listErrorSeq: number;
  readonly listErrorAtMs: number;
  readonly listOkSeq: number;
  /** The last time that a list or state was falsified by a fault. */
  readonly lieSeq: number;
  readonly lieAtMs: number;
  /** Since when nothing has disturbed the agent; Infinity while something does. */
  calmSinceMs(): number;
  /** Images known to be present or absent. */
  readonly images: ReadonlyMap<string, boolean>;
}

export interface Model extends ModelView {
  apply(event: TraceEvent): void;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
type State = Mutable<Omit<ModelView, 'calmSinceMs'>> & {
  calmSince: number;
  runtimeReady: boolean;
  /** Listings of the runtime that have not been answered. */
  openLists: number;
  /** When each of the latest calls was made; see {@link callSlots}. */
  askedAtMs: Float64Array;
  listAnsweredMs: number;
  calls: Map<number, Call>;
};

/** A call that takes longer than this disturbs everything that waits behind it. */
const slowCallMs = 1_000;

/** Times of calls are kept by the last bits of their number: more are never open at once. */
const callSlots = 256;

/** Follows one run: what was asked of the agent, what is there, what it is doing about it. */
export function createModel(run: RunStarted): Model {
  const desired = createDesiredPods(run.sources, run.nodeName);
  const state: State = {
    run,
    bounds: boundsOf(run.timings),
    t: 0,
    seq: 0,
    phase: 'start',
    incarnation: 0,
    agentUp: false,
    agentStartedAtMs: 0,
    agentStartedSeq: -1,
    desired,
    actual: createActualPods({
      incarnation: () => state.incarnation,
      onNewPod: (pod) => guessVersions(state, pod),
    }),
    served: undefined,
    lastServed: undefined,
    wantedChangedAtMs: 0,
    call: undefined,
    listErrorSeq: -1,
    listErrorAtMs: -Infinity,
    listOkSeq: -1,
    lieSeq: -1,
    lieAtMs: -Infinity,
    images: new Map(),
    calmSince: 0,
    runtimeReady: true,
    openLists: 0,
    askedAtMs: new Float64Array(callSlots),
    listAnsweredMs: 0,
    calls: new Map(),
  };
  return Object.assign(state, {
    calmSinceMs: () =>
      !state.agentUp ||
      !state.runtimeReady ||
      (state.openLists > 0 && state.t - state.listAnsweredMs > 3 * state.bounds.Tpleg + slowCallMs)
        ? Infinity
        : state.calmSince,
    apply: (event: TraceEvent) => applyEvent(state, event),
  });
}

function applyEvent(state: State, event: TraceEvent): void {
  state.t = event.t;
  state.seq = event.seq;
  state.served = undefined;
  state.call = undefined;
  switch (event.kind) {
    case 'runtime.request':
      return applyRequest(state, event);
    case 'runtime.effect': {
      if (isList(event.method)) return;
      return applyEffect(state, event);
    }
    case 'runtime.reply':
      return applyReply(state, event);
    case 'sandbox':
      return settleLife(state, state.actual.sandboxChanged(event));
    case 'container':
      return settleLife(state, state.actual.containerChanged(event));
    case 'image':
      (state.images as Map<string, boolean>).set(event.image, event.present);
      return;
    case 'source.held':
      return applyHeld(state, event);
    case 'source.served':
      return applyServed(state, event);
    case 'agent.started':
      return applyAgentStarted(state, event);
    case 'agent.ended':
      state.agentUp = false;
      return forgetCalls(state);
    case 'phase':
      state.phase = event.phase;
      if (event.phase === 'heal') state.calmSince = event.t;
      if (event.phase === 'quiet') forgetEdits(state);
      return;
    case 'fault':
      return applyFault(state, event);
    case 'step':
      if (event.applied && disturbingSteps.has(event.do)) {
        // A change of the runtime's condition is noticed at the next question for it only.
        const noticed = event.do === 'runtime' ? state.run.timings.runtimeStatusMs : 0;
        state.calmSince = event.t + noticed;
      }
      return;
    case 'api.request':
    case 'runtime.event':
    case 'run.started':
    case 'run.ended':
      return;
  }
}

/** What was wanted before a rest has been judged at that rest. */
function forgetEdits(state: State): void {
  for (const entry of state.desired.all) {
    entry.edits = 0;
    entry.returns = 0;
  }
}

const disturbingSteps: ReadonlySet<string> = new Set([
  'runtime',
  'outage',
  'watch',
  'removeImage',
  'restartAgent',
]);

const followed: ReadonlySet<CriMethod> = new Set<CriMethod>([
  'RunPodSandbox',
  'StopPodSandbox',
  'RemovePodSandbox',
  'CreateContainer',
  'StartContainer',
  'StopContainer',
  'RemoveContainer',
  'PullImage',
  'RemoveImage',
  'ExecSync',
  'UpdateContainerResources',
]);

function applyRequest(state: State, event: RuntimeRequest & Stamp): void {
  if (isList(event.method)) state.openLists += 1;
  state.askedAtMs[event.call % callSlots] = event.t;
  if (!followed.has(event.method)) return;
  const container =
    event.containerId === undefined ? undefined : state.actual.containers.get(event.containerId);
  const sandbox = event.sandboxId === undefined ? undefined : state.actual.sandboxes.get(event.sandboxId);
  let pod = container?.pod ?? sandbox?.pod;
  if (pod === undefined && event.podUid !== undefined) {
    pod =
      event.method === 'RunPodSandbox' && event.podName !== undefined
        ? state.actual.touch(
            {
              podUid: event.podUid,
              podNamespace: event.podNamespace ?? 'default',
              podName: event.podName,
            },
            event,
          )
        : state.actual.pods.get(event.podUid);
  }
  if (pod === undefined && event.method === 'PullImage') {
    const { sandboxConfig } = event.request as { sandboxConfig?: { metadata?: { uid?: string } } };
    pod = state.actual.pods.get(sandboxConfig?.metadata?.uid ?? '');
  }
  const reason =
    pod !== undefined && stopMethods.has(event.method)
      ? stopReasonOf(state as unknown as ModelView, pod, container)
      : undefined;
  const hitsLive = hits(event.method, container, sandbox);
  const call: Call = {
    request: event,
    pod,
    sandbox,
    container,
    reason,
    hitsLive,
    effect: undefined,
    abandoned: false,
  };
  state.calls.set(event.call, call);
  state.call = call;
  if (pod === undefined) return;
  if (event.method === 'ExecSync') {
    pod.lastExecSeq = event.seq;
    if (pod.stopBeganMs < 0) pod.stopBeganMs = event.t;
    if (container !== undefined && container.hookBeganMs < 0) container.hookBeganMs = event.t;
    return;
  }
  pod.lastCallSeq = event.seq;
  pod.lastCallAtMs = event.t;
  pod.lastCallMethod = event.method;
  pod.lastCallFailed = false;
  pod.pendingCalls += 1;
  if (reason !== undefined && tearsDown(reason) && pod.teardownSeq < 0 && removesNothing(event.method)) {
    pod.teardownSeq = event.seq;
    pod.teardownAtMs = event.t;
  }
  if (hitsLive && reason !== undefined && pod.stopBeganMs < 0) pod.stopBeganMs = event.t;
  if (reason === 'open' || (reason === 'finished' && pod.licenceSeq >= 0)) pod.isOpenEnded = true;
  if (event.method === 'CreateContainer') narrowVersions(state, pod, event);
  if (event.method === 'StopContainer' && container !== undefined && container.stopRequestedMs < 0) {
    container.stopRequestedMs = event.t;
  }
}

function isList(method: CriMethod): boolean {
  return method === 'ListContainers' || method === 'ListPodSandbox';
}

/** Calls that last as long as a container or its hook likes. */
function isLong(method: CriMethod): boolean {
  return method === 'StopContainer' || method === 'ExecSync';
}

const stopMethods: ReadonlySet<CriMethod> = new Set<CriMethod>([
  'StopContainer',
  'StopPodSandbox',
  'RemoveContainer',
  'RemovePodSandbox',
]);

function removesNothing(method: CriMethod): boolean {
  return method === 'StopContainer' || method === 'StopPodSandbox';
}

function hits(
  method: CriMethod,
  container: ActualContainer | undefined,
  sandbox: ActualSandbox | undefined,
): boolean {
  if (container !== undefined) return container.state === 'running';
  if (sandbox === undefined) return false;
  return method === 'StopPodSandbox' || method === 'RemovePodSandbox' ? sandbox.ready : false;
}

function applyEffect(state: State, event: RuntimeEffect & Stamp): void {
  const call = state.calls.get(event.call);
  if (call === undefined) return;
  call.effect = event;
  state.call = call;
  if (call.abandoned) {
    state.calls.delete(event.call);
    const sandbox = event.id === undefined ? undefined : state.actual.sandboxes.get(event.id);
    if (sandbox !== undefined) sandbox.isLate = true;
    if (call.container !== undefined) call.container.isLate = true;
  }
  if (event.method === 'CreateContainer' && event.code === 'OK' && event.id !== undefined) {
    const container = state.actual.containers.get(event.id);
    if (container !== undefined) container.content = contentOfCreate(call.request);
  }
}

function applyReply(state: State, event: RuntimeReply & Stamp): void {
  const tookMs = event.t - state.askedAtMs[event.call % callSlots]!;
  if (tookMs > slowCallMs && !isLong(event.method)) state.calmSince = event.t;
  const failed = event.code !== 'OK';
  if (failed) state.calmSince = event.t;
  if (isList(event.method)) {
    if (state.openLists > 0) state.openLists -= 1;
    state.listAnsweredMs = event.t;
    if (failed) {
      state.listErrorSeq = event.seq;
      state.listErrorAtMs = event.t;
    } else state.listOkSeq = event.seq;
    return;
  }
  if (event.method === 'Status') {
    noteStatus(state, event);
    return;
  }
  const call = state.calls.get(event.call);
  if (call === undefined) return;
  state.calls.delete(event.call);
  state.call = call;
  const { pod, container } = call;
  if (pod !== undefined && event.method !== 'ExecSync') {
    pod.pendingCalls -= 1;
    if (call.request.seq === pod.lastCallSeq) pod.lastCallFailed = failed && event.code !== 'NOT_FOUND';
    if (failed && call.effect?.code === 'OK' && startMethods.has(event.method)) pod.ambiguousSeq = event.seq;
  }
  if (container === undefined) return;
  if (event.method === 'StartContainer') container.startConfirmed = !failed;
  if (event.method === 'StopContainer') container.stopAnswered = true;
}

const startMethods: ReadonlySet<CriMethod> = new Set<CriMethod>([
  'RunPodSandbox',
  'CreateContainer',
  'StartContainer',
]);

function noteStatus(state: State, event: RuntimeReply & Stamp): void {
  if (event.response === undefined) return;
  const { status } = event.response as { status?: { conditions?: { type: string; status: boolean }[] } };
  const ready = (status?.conditions ?? []).every((condition) => condition.status);
  if (ready && !state.runtimeReady) state.calmSince = event.t;
  state.runtimeReady = ready;
}

function applyHeld(state: State, event: SourceHeld & Stamp): void {
  state.desired.held(event);
  if (state.run.world === 'live' && event.source === 'file') applyLiveFile(state, event);
}

/** In live nobody sees the agent read files: what is held counts as shown, with time to notice it. */
function applyLiveFile(state: State, event: SourceHeld & Stamp): void {
  if (!state.agentUp) return;
  const bad = (event.files ?? [])
    .filter((file) => file.type === 'file' && !file.name.startsWith('.'))
    .filter((file) => !file.readable || file.pod === undefined)
    .map((file) => file.name);
  const shown: SourceServed & Stamp = {
    t: event.t,
    seq: event.seq,
    kind: 'source.served',
    actor: 'source:file',
    source: 'file',
    revision: event.revision,
    outcome: bad.length > 0 ? 'partial' : 'list',
    pods: event.pods,
    bad,
  };
  const change = state.desired.served(shown);
  const untilMs = event.t + state.run.timings.fileCheckMs + 2_000 + state.run.slackMs;
  for (const entry of [...change.added, ...change.changed, ...change.removed])
    entry.uncertainUntilMs = untilMs;
  noteChange(state, change);
}

function applyServed(state: State, event: SourceServed & Stamp): void {
  if (event.outcome === 'error') state.calmSince = event.t;
  const wasReady = state.desired.allReady();
  const view = state.desired.sources.get(event.source);
  const isFirst = view !== undefined && !view.ready;
  state.served = state.desired.served(event);
  if (isFirst && view.ready) for (const entry of view.listed) noteWanted(state, entry);
  if (!wasReady && state.desired.allReady()) {
    state.calmSince = Math.max(state.calmSince, event.t);
    for (const pod of state.actual.pods.values()) license(state, pod);
  }
  if (event.outcome !== 'error') noteChange(state, state.served);
}

function noteChange(state: State, change: ServedChange): void {
  for (const entry of change.added) noteWanted(state, entry);
  state.lastServed = change;
  if (change.added.length + change.changed.length + change.removed.length > 0)
    state.wantedChangedAtMs = state.t;
  for (const entries of [change.changed, change.removed, change.unreadable]) {
    for (const entry of entries) {
      if (entry.uid === undefined) for (const pod of state.actual.byName(entry.fullName)) license(state, pod);
      else {
        const pod = state.actual.pods.get(entry.uid);
        if (pod === undefined) continue;
        license(state, pod);
        licenseContainers(pod, entry);
      }
    }
  }
}

/** The present life of the agent knows these pods as wanted. */
function noteWanted(state: State, entry: DesiredPod): void {
  for (const pod of instancesOf(state as unknown as ModelView, entry)) {
    const { is } = standingOf(state as unknown as ModelView, pod);
    if (is === 'wanted') pod.wantedBy = state.incarnation;
  }
}

/** A container whose definition was another for a while may be replaced, even when it has changed back. */
function licenseContainers(pod: ActualPod, entry: DesiredPod): void {
  for (const container of pod.containers.values()) {
    if (container.state === 'running' && differs(container, entry.pod)) container.isLicensed = true;
  }
}

/** A pod that is unwanted once, while anything of it exists, may be torn down even when it is wanted again. */
function license(state: State, pod: ActualPod): void {
  if (pod.readyCount === 0 && pod.runningCount === 0 && pod.pendingCalls === 0) return;
  const { is } = standingOf(state as unknown as ModelView, pod);
  if (is !== 'wanted') pod.licenceSeq = state.seq;
}

/** A pod that has come to a stop has ended its life: what was decided about that life is over. */
function settleLife(_state: State, pod: ActualPod): void {
  if (pod.readyCount > 0 || pod.runningCount > 0) return;
  if (pod.teardownSeq < 0 && pod.licenceSeq < 0) return;
  pod.licenceSeq = -1;
  if (pod.teardownSeq < 0) return;
  pod.teardownSeq = -1;
  pod.life += 1;
  pod.isOpenEnded = false;
  pod.history = new Map();
}

function applyAgentStarted(state: State, event: AgentStarted & Stamp): void {
  state.agentUp = true;
  state.incarnation = event.incarnation;
  state.agentStartedAtMs = event.t;
  state.agentStartedSeq = event.seq;
  state.calmSince = event.t;
  state.listAnsweredMs = event.t;
  state.runtimeReady = true;
  state.desired.agentStarted();
  forgetCalls(state);
  for (const pod of state.actual.pods.values()) {
    pod.licenceSeq = -1;
    pod.teardownSeq = -1;
    pod.lastCallFailed = false;
  }
  const held = state.desired.sources.get('file')?.held;
  if (held !== undefined) applyHeld(state, { ...held, t: event.t, seq: event.seq });
}

function forgetCalls(state: State): void {
  state.openLists = 0;
  for (const call of state.calls.values()) call.abandoned = true;
  for (const pod of state.actual.pods.values()) pod.pendingCalls = 0;
}

function applyFault(state: State, event: FaultFired & Stamp): void {
  state.calmSince = event.t;
  if (event.effect === 'staleList' || event.effect === 'partialList' || event.effect === 'unknownState') {
    state.lieSeq = event.seq;
    state.lieAtMs = event.t;
  }
}

/** A list served this recently may not have been acted on yet by a call that is made now. */
const reactionMs = 1_000;

/**
 * A static pod's UID is the agent's own: which version it stands for is among those served so far, and the
 * present one when that has been served long enough.
 */
function guessVersions(state: State, pod: ActualPod): void {
  if (state.desired.byUid(pod.uid).length > 0) return;
  for (const entry of state.desired.byName(pod.fullName)) {
    if (entry.uid !== undefined) continue;
    const isOld = entry.pods.length > 0 && state.t - entry.changedAtMs > reactionMs;
    for (const version of isOld ? entry.versions : entry.everVersions) pod.versions.add(version);
  }
}

/** What a container is created from tells versions apart. */
function narrowVersions(state: State, pod: ActualPod, event: RuntimeRequest): void {
  if (pod.versions.size === 0) return;
  const { config } = event.request as { config?: { metadata?: { name?: string } } };
  const name = config?.metadata?.name ?? event.container;
  if (name === undefined) return;
  const content = contentOfCreate(event);
  const says = (version: number): boolean => {
    const container = findContainer(state.desired.podOfVersion(version), name);
    return container !== undefined && containerContent(container) === content;
  };
  for (const version of pod.versions) if (!says(version)) pod.versions.delete(version);
  if (pod.versions.size > 0) return;
  // It is not what was guessed: an earlier version, then, if it was ever served.
  for (const entry of state.desired.byName(pod.fullName)) {
    if (entry.uid !== undefined) continue;
    for (const version of entry.everVersions) if (says(version)) pod.versions.add(version);
  }
}

function contentOfCreate(event: RuntimeRequest): string {
  const { config } = event.request as {
    config?: { image?: { image?: string }; command?: string[]; args?: string[] };
  };
  return containerContent({
    image: config?.image?.image ?? '',
    command: config?.command,
    args: config?.args,
  });
}
