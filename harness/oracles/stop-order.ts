import type { ActualContainer, ActualPod } from '../model/actual-pod.js';
import type { Call, ModelView } from '../model/model-view.js';
import { graceSecondsOf, isSidecar } from '../model/pod-meaning.js';
import { isUnwanted, mayBeHidden, podsOf, standingOf, wasKnown } from '../model/standing.js';
import { tearsDown } from '../model/stop-reason.js';
import type { Pod } from '../spec/pod.js';
import type { OracleContext } from './oracle.js';
import { podSubject, seconds } from './words.js';

/** Stops that are meant to go on side by side are all asked for within this time, in milliseconds. */
const togetherMs = 1_000;

/** How exactly an agent may measure the grace period, in milliseconds. */
const clockToleranceMs = 100;

/** TERM-02: regular containers stop side by side, then sidecars from the last to the first, then the sandbox. */
export function judgeStopOrder(context: OracleContext, call: Call, pod: ActualPod): void {
  const { model } = context;
  if (call.request.method === 'StopPodSandbox') return judgeSandbox(context, call, pod);
  if (call.request.method !== 'StopContainer') return;
  const { container, reason } = call;
  if (!call.hitsLive || container === undefined || reason === undefined || !tearsDown(reason)) return;
  // Its replacement alone may have been under way before the end of the pod was asked for.
  if (container.isLicensed) return;
  const versions = podsOf(model, pod);
  if (versions.length === 0 || !wasKnown(model, pod)) return;
  if (versions.every((version) => isSidecar(version, container.name)))
    judgeSidecar(context, { pod, versions, container });
  else if (isRegular(versions, container)) armTogether(context, { call, pod, versions, container });
}

function isRegular(versions: readonly Pod[], container: ActualContainer): boolean {
  return !versions.some((version) => isSidecar(version, container.name));
}

/** A sidecar stops after the regular containers and after the sidecars that were started later. */
function judgeSidecar(
  { model, ledger }: OracleContext,
  { pod, versions, container }: { pod: ActualPod; versions: readonly Pod[]; container: ActualContainer },
): void {
  ledger.exercised('TERM-02');
  if (isGraceOver(model, versions, pod)) return;
  for (const other of pod.containers.values()) {
    if (other.name === container.name || !isKnownToRun(model, other)) continue;
    const isBeforeSidecars = isRegular(versions, other);
    if (!isBeforeSidecars && !versions.every((version) => isLater(version, other, container))) continue;
    ledger.report({
      requirement: 'TERM-02',
      subject: podSubject(model, pod),
      expected: isBeforeSidecars
        ? `Sidecar ${container.name} of pod ${pod.fullName} stops after the regular containers.`
        : `Sidecar ${container.name} of pod ${pod.fullName} stops after ${other.name}, which was started after it.`,
      seen: `StopContainer on it while ${other.name} was running.`,
      events: [pod.teardownSeq, other.startedSeq],
    });
    return;
  }
}

/** Nobody waits for others longer than the grace period that they share: after that, all that is left stops at once. */
function isGraceOver(model: ModelView, versions: readonly Pod[], pod: ActualPod): boolean {
  const graceMs = Math.min(...versions.map(graceSecondsOf)) * 1_000;
  if (graceMs === 0) return true;
  // What was replaced before shares no time; what ended, and was not replaced, does: the agent may have known of the
  // end of the pod when nobody could see that yet.
  let beganMs = pod.teardownSeq < 0 ? Infinity : pod.teardownAtMs;
  for (const container of pod.containers.values()) {
    if (pod.history.get(container.name)?.latest !== container) continue;
    for (const endingMs of [container.hookBeganMs, container.stopRequestedMs])
      if (endingMs >= container.startedAtMs) beganMs = Math.min(beganMs, endingMs);
  }
  return model.t - beganMs >= graceMs - clockToleranceMs - model.run.slackMs;
}

/** Whether `other` is a sidecar that starts after `sidecar`. */
function isLater(version: Pod, other: ActualContainer, sidecar: ActualContainer): boolean {
  const names = (version.spec.initContainers ?? []).map(({ name }) => name);
  return isSidecar(version, other.name) && names.indexOf(other.name) > names.indexOf(sidecar.name);
}

/** While one regular container takes its time to stop, the stops of the others are under way too. */
function armTogether(
  { model, ledger, deadlines, run, reads }: OracleContext,
  stop: { call: Call; pod: ActualPod; versions: readonly Pod[]; container: ActualContainer },
): void {
  const { call, pod, versions, container } = stop;
  const { life } = pod;
  for (const other of pod.containers.values()) {
    if (other === container || other.sandboxId !== container.sandboxId) continue;
    if (!isRegular(versions, other) || isEnding(other) || !isKnownToRun(model, other)) continue;
    ledger.exercised('TERM-02');
    deadlines.arm({
      boundMs: togetherMs + run.slackMs,
      // Whoever looks before it stops does so as late as it is answered.
      sinceMs: () => (reads.isOpenFor(pod) ? model.t : 0),
      open: () =>
        pod.life === life &&
        container.state === 'running' &&
        other.state === 'running' &&
        !container.stopAnswered &&
        !isEnding(other) &&
        !call.abandoned &&
        isUnwanted(standingOf(model, pod)),
      missed: () =>
        ledger.report({
          requirement: 'TERM-02',
          subject: podSubject(model, pod),
          expected: `The regular containers of pod ${pod.fullName} stop side by side.`,
          seen: `${seconds(model.t - call.request.t)} after the StopContainer on ${container.name}, which had not ended, nothing had been asked of ${other.name}.`,
          events: [pod.teardownSeq, call.request.seq, other.startedSeq],
        }),
    });
  }
}

/** Its stop, or the hook before it, has been asked for. */
function isEnding(container: ActualContainer): boolean {
  return container.stopRequestedMs >= 0 || container.hookBeganMs >= 0;
}

/** The sandbox stops after all stops have returned. */
function judgeSandbox({ model, ledger }: OracleContext, call: Call, pod: ActualPod): void {
  if (!call.hitsLive || call.sandbox === undefined) return;
  ledger.exercised('TERM-02');
  for (const container of pod.containers.values()) {
    if (container.sandboxId !== call.sandbox.id || !isKnownToRun(model, container)) continue;
    ledger.report({
      requirement: 'TERM-02',
      subject: podSubject(model, pod),
      expected: `The sandbox of pod ${pod.fullName} stops after its containers have stopped.`,
      seen: `StopPodSandbox while container ${container.name} was running.`,
      events: [container.startedSeq, pod.teardownSeq],
    });
    return;
  }
}

/** It runs, and no failed call or falsified list hides that from the agent. */
function isKnownToRun(model: ModelView, container: ActualContainer): boolean {
  if (container.state !== 'running' || !container.startConfirmed) return false;
  // A stop that failed, or that the agent gave up waiting for, does not keep the sandbox up for ever.
  if (container.stopAnswered) return false;
  if (
    container.stopRequestedMs >= 0 &&
    model.t - container.stopRequestedMs >= model.run.timings.callDeadlineMs
  ) {
    return false;
  }
  return !mayBeHidden(model, container.startedSeq);
}
