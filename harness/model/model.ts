import { boundsOf } from '../spec/timings.js';
import type {
  AgentStarted,
  ContainerChanged,
  FaultFired,
  RunStarted,
  RuntimeEventSent,
  Stamp,
  TraceEvent,
} from '../trace/events.js';
import type { ActualPod } from './actual-pod.js';
import { beginNextLife } from './actual-pod.js';
import { createActualPods } from './actual-pods.js';
import { applyEffect, applyReply, applyRequest, callSlots, isLate, slowCallMs } from './apply-call.js';
import { applyHeld, applyServed, licenseUnwanted } from './apply-source.js';
import { createDesiredPods } from './desired-pods.js';
import { createImageNames } from './image-names.js';
import type { ModelState, ModelView } from './model-view.js';
import { guessVersions } from './pod-versions.js';

/** An agent that has not looked at the runtime for so long is silent on its own account. */
const ownSilenceMs = 30_000;

/** The model of one run: what was asked of the agent, what is there, what it is doing about it. */
export interface Model extends ModelView {
  apply(event: TraceEvent): void;
}

/** Follows one run: what was asked of the agent, what is there, what it is doing about it. */
export function createModel(run: RunStarted): Model {
  const desired = createDesiredPods(run.sources, run.nodeName);
  const state: ModelState = {
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
    imageNames: createImageNames(),
    calmSince: 0,
    runtimeReady: true,
    openLists: 0,
    askedAtMs: new Float64Array(callSlots),
    listAnsweredMs: 0,
    listAskedMs: 0,
    calls: new Map(),
    calmSinceMs() {
      const isUnlisted =
        state.openLists > 0 && state.t - state.listAnsweredMs > 3 * state.bounds.Tpleg + slowCallMs;
      const silentMs = state.t - state.listAskedMs;
      const isKept = isLate(state, silentMs) && silentMs < ownSilenceMs;
      return state.agentUp && state.runtimeReady && !isUnlisted && !isKept ? state.calmSince : Infinity;
    },
  };
  return Object.assign(state, { apply: (event: TraceEvent) => applyEvent(state, event) });
}

function applyEvent(state: ModelState, event: TraceEvent): void {
  state.t = event.t;
  state.seq = event.seq;
  state.served = undefined;
  state.call = undefined;
  switch (event.kind) {
    case 'runtime.request':
      return applyRequest(state, event);
    case 'runtime.effect':
      return applyEffect(state, event);
    case 'runtime.reply':
      return applyReply(state, event);
    case 'sandbox': {
      const pod = state.actual.sandboxChanged(event);
      if (event.state === 'ready') licenseUnwanted(state, pod);
      return settleLife(state, pod);
    }
    case 'container':
      if (event.state === 'removed') noteLateRemoval(state, event);
      return settleLife(state, state.actual.containerChanged(event));
    case 'image':
      state.images.set(event.image, event.present);
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
    case 'runtime.event':
      return applyRuntimeEvent(state, event);
    case 'stalled':
      // Deadlines count calm time only: an agent that was kept from running is given its time again.
      state.calmSince = event.t;
      return;
    case 'api.request':
    case 'run.started':
    case 'run.ended':
      return;
  }
}

/** What was wanted before a rest has been judged at that rest. */
function forgetEdits(state: ModelState): void {
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

/** A pod that has come to a stop has ended its life: what was decided about that life is over. */
function settleLife(state: ModelState, pod: ActualPod): void {
  if (pod.readyCount > 0 || pod.runningCount > 0) return;
  for (const entry of state.desired.byUid(pod.uid)) entry.earlierGraceS = 0;
  if (pod.teardownSeq < 0 && pod.licenceSeq < 0) return;
  // The agent waits for the sandbox that it has asked for, and ends that.
  if (pod.teardownSeq < 0 && isBeingSetUp(state, pod)) return;
  pod.licenceSeq = -1;
  if (pod.teardownSeq < 0) {
    // Whether it was ended for a removal that was taken back, or for what else was wrong with it, cannot be told.
    pod.isOpenEnded = true;
    return;
  }
  pod.teardownSeq = -1;
  // The agent may take it for a removal that was taken back, and begin anew, or for a repair, and go on.
  pod.isOpenEnded = hasStayedListed(state, pod);
  if (!pod.isOpenEnded) beginNextLife(pod, state.seq);
}

/** It was never removed in its present life: it was ended for a change to its file, which in live nobody sees it read. */
function hasStayedListed({ desired, run }: ModelState, pod: ActualPod): boolean {
  if (run.world !== 'live') return false;
  return desired
    .byUid(pod.uid)
    .some(({ source, pods, removedSeq }) => source === 'file' && pods.length > 0 && removedSeq < pod.lifeSeq);
}

function isBeingSetUp(state: ModelState, pod: ActualPod): boolean {
  if (pod.pendingCalls === 0) return false;
  for (const { pod: other, request, abandoned } of state.calls.values())
    if (other === pod && request.method === 'RunPodSandbox' && !abandoned) return true;
  return false;
}

/** What a call of an earlier life removes may have been seen by the present one before. */
function noteLateRemoval(state: ModelState, { id }: ContainerChanged): void {
  const container = state.actual.containers.get(id);
  if (container?.state !== 'exited' || container.changedAtMs >= state.agentStartedAtMs) return;
  for (const call of state.calls.values()) {
    if (!call.abandoned) continue;
    if (call.container === container || call.sandbox?.id === container.sandboxId)
      container.pod.removedLate.add(container.name);
  }
}

function applyAgentStarted(state: ModelState, event: AgentStarted & Stamp): void {
  state.agentUp = true;
  state.incarnation = event.incarnation;
  state.agentStartedAtMs = event.t;
  state.agentStartedSeq = event.seq;
  state.calmSince = event.t;
  state.listAnsweredMs = event.t;
  state.listAskedMs = event.t;
  state.runtimeReady = true;
  state.desired.agentStarted();
  forgetCalls(state);
  for (const pod of state.actual.pods.values()) {
    pod.licenceSeq = -1;
    pod.teardownSeq = -1;
    pod.lastCallFailed = false;
    pod.hadRecords = pod.containers.size > 0;
    pod.removedLate.clear();
  }
  const held = state.desired.sources.get('file')?.held;
  if (held !== undefined) applyHeld(state, { ...held, t: event.t, seq: event.seq });
}

function forgetCalls(state: ModelState): void {
  state.openLists = 0;
  for (const call of state.calls.values()) call.abandoned = true;
  for (const pod of state.actual.pods.values()) pod.pendingCalls = 0;
}

function applyRuntimeEvent(state: ModelState, event: RuntimeEventSent): void {
  if (event.delivered !== 'lost') return;
  const container = state.actual.containers.get(event.containerId);
  if (container?.state === 'exited') container.pod.lostEventSeq = state.seq;
}

function applyFault(state: ModelState, event: FaultFired & Stamp): void {
  state.calmSince = event.t;
  if (event.effect === 'staleList' || event.effect === 'partialList' || event.effect === 'unknownState') {
    state.lieSeq = event.seq;
    state.lieAtMs = event.t;
  }
}
