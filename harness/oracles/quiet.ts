import type { ActualPod } from '../model/actual-pod.js';
import { containersOf } from '../model/pod-meaning.js';
import { isFinished } from '../model/pod-progress.js';
import { standingOf } from '../model/standing.js';
import type { Pod } from '../spec/pod.js';
import { parseWorkload } from '../spec/workload.js';
import type { ApiRequest, RuntimeRequest, Stamp } from '../trace/events.js';
import { requestedName } from '../trace/requested-name.js';
import { oracleBounds } from './bounds.js';
import type { OracleContext } from './oracle.js';
import { podSubject } from './words.js';

/** A call that changes something although everything had been at rest. */
export function judgeQuietCall(context: OracleContext, quietSeq: number): void {
  const { model, ledger } = context;
  const { call } = model;
  if (call === undefined) return;
  const { request } = call;
  // What was removed by one part of an agent may be removed in vain by another.
  const pod = call.pod ?? model.actual.podOfContainer(request.containerId ?? '');
  // Sound pods that are stopped or doubled in the quiet phase are told of by the check for those.
  if (call.hitsLive && call.reason === 'none') return;
  if (pod !== undefined ? isRestless(model, pod, quietSeq) : isPulledByRestless(model, request, quietSeq))
    return;
  if (pod !== undefined && request.method === 'RemoveContainer' && hasRestarted(context, pod)) return;
  ledger.report({
    requirement: 'QUIET-01',
    subject: pod === undefined ? { role: 'agent', name: 'agent' } : podSubject(model, pod),
    expected: 'Without input or fault an agent at rest changes nothing in the runtime.',
    seen: `${request.method}${pod === undefined ? '' : ` for pod ${pod.fullName}`}${request.container === undefined ? '' : `, container ${request.container}`}.`,
    events: [quietSeq, pod?.firstSeq ?? -1],
  });
}

/**
 * A call for what has ended, as long after it did as GC-01 allows: some agents collect so seldom that the rest does not
 * wait for it. Whoever collects a sandbox stops it once more before; again and again is unrest.
 */
export function isCollection({ model, run, bounds }: OracleContext, stoppedAgain: Set<string>): boolean {
  const { call } = model;
  if (call === undefined || call.hitsLive) return false;
  const { method, containerId = '', sandboxId = '' } = call.request;
  if (method !== 'RemoveContainer' && method !== 'RemovePodSandbox' && method !== 'StopPodSandbox')
    return false;
  const isContainer = method === 'RemoveContainer';
  const target = isContainer
    ? model.actual.containers.get(containerId)
    : model.actual.sandboxes.get(sandboxId);
  if (target === undefined) return false;
  if (method === 'StopPodSandbox') {
    if (stoppedAgain.has(sandboxId)) return false;
    stoppedAgain.add(sandboxId);
  }
  return model.t - target.changedAtMs <= oracleBounds(run, bounds).garbageMs;
}

/** A pull need not say for whom it is: then it is for a pod that uses the image. */
function isPulledByRestless(
  model: OracleContext['model'],
  { request }: RuntimeRequest,
  quietSeq: number,
): boolean {
  const { image } = (request as { image?: { image?: string } }).image ?? {};
  if (image === undefined) return false;
  for (const pod of model.actual.pods.values()) {
    const { entry } = standingOf(model, pod);
    if (entry === undefined || !containersOf(entry.pod).some((container) => container.image === image))
      continue;
    if (isRestless(model, pod, quietSeq)) return true;
  }
  return false;
}

function isRestless(model: OracleContext['model'], pod: ActualPod, quietSeq: number): boolean {
  const { entry } = standingOf(model, pod);
  const pods = entry === undefined ? [] : entry.pods.length > 0 ? entry.pods : [entry.pod];
  const mayRestart = pods.length === 0 || !pods.every((spec) => isFinished(pod, spec));
  if (mayRestart && pods.some(neverRests)) return true;
  for (const history of pod.history.values()) {
    if (history.exitCause !== 'agent' && history.exitedSeq > quietSeq) return true;
    if (history.latest === undefined || history.exits === 0) continue;
    // It waits out its back-off, or has just done so, and is yet to be reported.
    if (mayRestart && history.latest.state !== 'running') return true;
    if (history.latest.startedSeq > quietSeq) return true;
    if (model.t - history.latest.changedAtMs <= model.bounds.Tpleg + model.bounds.Tstat) return true;
  }
  return false;
}

/** A container of it was started again so recently that what it replaced may be garbage still. */
function hasRestarted({ model, run }: OracleContext, pod: ActualPod): boolean {
  const withinMs = model.bounds.Tgc + model.bounds.Tpleg + run.slackMs;
  for (const { latest, exits } of pod.history.values())
    if (latest !== undefined && exits > 0 && model.t - latest.changedAtMs <= withinMs) return true;
  return false;
}

/** A write about pods at the API server although everything had been at rest. */
export function judgeQuietWrite(
  { model, ledger }: OracleContext,
  event: ApiRequest & Stamp,
  quietSeq: number,
): void {
  if (event.resource !== 'pods' || event.verb === 'get' || event.verb === 'list' || event.verb === 'watch')
    return;
  const fullName = `${event.namespace ?? 'default'}/${requestedName(event) ?? ''}`;
  if (model.actual.byName(fullName).some((pod) => isRestless(model, pod, quietSeq))) return;
  ledger.report({
    requirement: 'QUIET-01',
    subject: { role: 'agent', name: 'agent' },
    expected: 'Without input or fault an agent at rest writes nothing about pods to the API server.',
    seen: `${event.verb} of ${event.resource}${event.subresource === undefined ? '' : `/${event.subresource}`} ${fullName}.`,
    events: [quietSeq],
  });
}

/** A pod whose containers end of themselves starts them again for ever, or once. */
export function neverRests(pod: Pod): boolean {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].some(
    (container) => parseWorkload(container.args ?? []).runMs !== undefined,
  );
}
