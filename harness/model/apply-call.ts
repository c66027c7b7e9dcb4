import type { CriMethod } from '../spec/plan.js';
import type { RuntimeEffect, RuntimeReply, RuntimeRequest, Stamp } from '../trace/events.js';
import type { ActualContainer, ActualSandbox } from './actual-pod.js';
import { licenseEdited, licenseOutdated, licenseUnwanted } from './apply-source.js';
import type { Call, ModelState } from './model-view.js';
import { containerContent } from './pod-meaning.js';
import { contentOfCreate, narrowVersions } from './pod-versions.js';
import { stopReasonOf, tearsDown } from './stop-reason.js';

/** A call that takes longer than this disturbs everything that waits behind it. */
export const slowCallMs = 1_000;

/** A look at the runtime that comes so much later than the agent's period says that the machine is busy. */
const lateMs = 500;

/** Times of calls are kept by the last bits of their number: more are never open at once. */
export const callSlots = 256;

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

export function applyRequest(state: ModelState, event: RuntimeRequest & Stamp): void {
  if (isList(event.method)) {
    state.openLists += 1;
    if (isWhole(event)) noteLook(state, event.t);
  }
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
    pod !== undefined && stopMethods.has(event.method) ? stopReasonOf(state, pod, container) : undefined;
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
  if (event.method === 'RunPodSandbox') licenseUnwanted(state, pod);
  pod.lastCallSeq = event.seq;
  pod.lastCallAtMs = event.t;
  pod.lastCallMethod = event.method;
  pod.lastCallFailed = false;
  pod.pendingCalls += 1;
  if (pod.teardownSeq < 0 && isTeardown(call)) {
    pod.teardownSeq = event.seq;
    pod.teardownAtMs = event.t;
  }
  if (hitsLive && reason !== undefined && pod.stopBeganMs < 0) pod.stopBeganMs = event.t;
  if (reason === 'open' || (reason === 'finished' && pod.licenceSeq >= 0)) pod.isOpenEnded = true;
  if (event.method === 'CreateContainer') {
    narrowVersions(state, pod, event);
    licenseEdited(state, pod);
  }
  if (event.method === 'StartContainer' && container !== undefined) {
    container.startAskedMs = event.t;
    container.startAskedIn = event.incarnation;
  }
  if (event.method === 'StopContainer' && container !== undefined && container.stopRequestedMs < 0) {
    container.stopRequestedMs = event.t;
  }
}

function isList(method: CriMethod): boolean {
  return method === 'ListContainers' || method === 'ListPodSandbox';
}

function isWhole({ request }: RuntimeRequest): boolean {
  const { filter } = request as { filter?: { id?: string; labelSelector?: object } | null };
  return (filter?.id ?? '') === '' && Object.keys(filter?.labelSelector ?? {}).length === 0;
}

/** On a busy machine an agent looks later than it would, and does all else later, too. */
function noteLook(state: ModelState, t: number): void {
  if (isLate(state, t - state.listAskedMs)) state.calmSince = t;
  state.listAskedMs = t;
}

/** An agent that lets so much time pass between two looks at the runtime was kept from running. */
export function isLate({ run }: ModelState, silentMs: number): boolean {
  return run.world === 'live' && silentMs > run.timings.relistMs + lateMs + run.slackMs;
}

function namesImages(method: CriMethod): boolean {
  return method === 'PullImage' || method === 'ImageStatus' || method === 'ListImages';
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

/**
 * It ends something that was left of the pod for good. The stop of a container whose definition has been another may
 * as well be its replacement, begun before the end of the pod was noticed.
 */
function isTeardown({ request: { method }, reason, hitsLive, container }: Call): boolean {
  if (reason === undefined || !tearsDown(reason) || !hitsLive) return false;
  return method === 'StopPodSandbox' || (method === 'StopContainer' && container?.isLicensed !== true);
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

export function applyEffect(state: ModelState, event: RuntimeEffect & Stamp): void {
  const call = state.calls.get(event.call);
  if (call === undefined) return;
  call.effect = event;
  state.call = call;
  if (call.abandoned) {
    state.calls.delete(event.call);
    const sandbox = event.id === undefined ? undefined : state.actual.sandboxes.get(event.id);
    if (sandbox !== undefined) sandbox.isLate = true;
    if (call.container !== undefined) call.container.isLate = true;
    if (call.sandbox !== undefined && event.method === 'StopPodSandbox') call.sandbox.isStoppedLate = true;
  }
  if (event.method === 'CreateContainer' && event.code === 'OK' && event.id !== undefined) {
    const container = state.actual.containers.get(event.id);
    if (container !== undefined) {
      const content = contentOfCreate(state, call.request);
      container.image = content.image;
      container.content = containerContent(content);
      licenseOutdated(state, container);
    }
  }
}

export function applyReply(state: ModelState, event: RuntimeReply & Stamp): void {
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
  if (namesImages(event.method)) state.imageNames.noteReply(event, call?.request);
  if (call === undefined) return;
  state.calls.delete(event.call);
  state.call = call;
  const { pod, container } = call;
  if (pod !== undefined && event.method !== 'ExecSync') {
    pod.pendingCalls -= 1;
    if (failed) pod.failedAtMs = event.t;
    if (startMethods.has(event.method))
      pod.startRefusal =
        event.code === 'OK'
          ? undefined
          : `${event.method} answered ${event.code}: ${event.message ?? 'no message'}`;
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

function noteStatus(state: ModelState, event: RuntimeReply & Stamp): void {
  if (event.response === undefined) return;
  const { status } = event.response as { status?: { conditions?: { type: string; status: boolean }[] } };
  const ready = (status?.conditions ?? []).every((condition) => condition.status);
  if (ready && !state.runtimeReady) state.calmSince = event.t;
  state.runtimeReady = ready;
}
