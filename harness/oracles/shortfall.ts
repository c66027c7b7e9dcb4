import type { ActualContainer, ActualPod, ContainerHistory } from '../model/actual-pod.js';
import { readySandboxOf, runningContainerOf, startsOf } from '../model/actual-pod.js';
import type { DesiredPod } from '../model/desired-pod.js';
import type { ModelView } from '../model/model-view.js';
import { containerContent, containersOf, restartPolicyOf, restartsAfter } from '../model/pod-meaning.js';
import {
  hasEnded,
  hasSucceeded,
  initializedSinceMs,
  isFinished,
  isInitialized,
} from '../model/pod-progress.js';
import { instancesOf, standingOf } from '../model/standing.js';
import type { Container, Pod } from '../spec/pod.js';
import { delayOf } from './backoff.js';
import type { OracleBounds } from './bounds.js';

/** How a wanted pod falls short of running. */
export interface Shortfall {
  readonly pod: ActualPod | undefined;
  readonly history: ContainerHistory | undefined;
  readonly kind: 'absent' | 'sandbox' | 'inits' | 'container' | 'content';
  readonly seen: string;
  readonly events: readonly number[];
}

/** What is missing of a pod that one source lists; undefined when it runs, has finished, or rightly waits. */
export function shortfallOf(
  model: ModelView,
  bounds: OracleBounds,
  entry: DesiredPod,
): Shortfall | undefined {
  const instances = instancesOf(model, entry).filter((pod) => standingOf(model, pod).entry === entry);
  const wanted = instances.filter((pod) => ['wanted', 'contested'].includes(standingOf(model, pod).is));
  if (wanted.length === 0) {
    return {
      pod: undefined,
      history: undefined,
      kind: 'absent',
      seen: 'No sandbox was ever made for it',
      events: [],
    };
  }
  let first: Shortfall | undefined;
  for (const pod of wanted) {
    const shortfall = instanceShortfall(model, bounds, pod, entry.pod);
    if (shortfall === undefined) return undefined;
    first ??= shortfall;
  }
  return first;
}

function instanceShortfall(
  model: ModelView,
  bounds: OracleBounds,
  pod: ActualPod,
  spec: Pod,
): Shortfall | undefined {
  if (isFinished(pod, spec)) return undefined;
  if (pod.readyCount === 0) {
    if (mayStayDown(model, pod, spec)) return undefined;
    if (waitsForImage(model, spec)) return undefined;
    const last = [...pod.sandboxes.values()].at(-1);
    return {
      pod,
      history: worstHistory(pod),
      kind: last === undefined && pod.history.size === 0 ? 'absent' : 'sandbox',
      seen: withRefusal('It has no ready sandbox', pod),
      events: [pod.firstSeq, last?.changedSeq ?? -1, pod.lastCallSeq],
    };
  }
  const inits = spec.spec.initContainers ?? [];
  const isDone = isInitialized(pod, spec);
  for (const container of containersOf(spec)) {
    const isPlainInit = inits.includes(container) && container.restartPolicy !== 'Always';
    if (isPlainInit && (isDone || hasSucceeded(pod, container.name))) continue;
    // What comes behind an init container waits for its end, rightly, and begins some time after it.
    if (model.t - initializedSinceMs(pod, spec, container.name) <= bounds.firstRestartMs) return undefined;
    const shortfall =
      (isPlainInit ? rerunShortfall(model, bounds, pod, spec, container) : undefined) ??
      containerShortfall(model, bounds, pod, spec, container);
    if (shortfall !== undefined) return shortfall;
  }
  return undefined;
}

/** An init container that has succeeded in an earlier sandbox, and has not been started in the present one. */
function rerunShortfall(
  model: ModelView,
  bounds: OracleBounds,
  pod: ActualPod,
  spec: Pod,
  { name }: Container,
): Shortfall | undefined {
  const sandbox = readySandboxOf(pod);
  const history = pod.history.get(name);
  // Under the other policies what is left of the earlier sandbox may say that the pod has ended.
  if ((spec.spec.restartPolicy ?? 'Always') !== 'Always' || history?.exitCode !== 0) return undefined;
  if (sandbox === undefined || history.latest?.sandboxId === sandbox.id) return undefined;
  if (model.t - sandbox.createdAtMs <= bounds.firstRestartMs) return undefined;
  return {
    pod,
    history,
    kind: 'inits',
    seen: withRefusal(`Init container ${name} was not run again in its new sandbox`, pod),
    events: [history.exitedSeq, sandbox.createdSeq, pod.lastCallSeq],
  };
}

/** Whether a pod without a ready sandbox is right to have none. */
export function mayStayDown(model: ModelView, pod: ActualPod, spec: Pod): boolean {
  const policy = spec.spec.restartPolicy ?? 'Always';
  if (policy === 'Always') return false;
  if (pod.isOpenEnded) return true;
  // A list that lied to a new life may have shown it an earlier end of the pod.
  if (model.lieSeq > model.agentStartedSeq && pod.firstSeq < model.agentStartedSeq) return true;
  // A life of the agent that finds only ended containers cannot know that they belong to an earlier life of
  // the pod.
  const found = pod.containers.size > 0 || pod.hadRecords;
  if (found && pod.stoppedAtMs < model.agentStartedAtMs) return true;
  if (policy !== 'Never') return false;
  // A Never pod whose sandbox is gone is not run again once its containers had started.
  for (const history of pod.history.values()) if (history.starts > 0) return true;
  return false;
}

/** An ended container that the present life of the agent has found, and may count as this life's. */
function hasOldRecord(model: ModelView, pod: ActualPod, name: string): boolean {
  if (pod.removedLate.has(name)) return true;
  for (const container of pod.containers.values()) {
    if (container.name !== name || container.state !== 'exited') continue;
    if (container.changedAtMs < model.agentStartedAtMs) return true;
  }
  return false;
}

/** An image that may not be pulled is not there: the pod waits for it, for ever if need be. */
export function waitsForImage(model: ModelView, spec: Pod): boolean {
  return spec.spec.containers.some(
    (container) => container.imagePullPolicy === 'Never' && model.images.get(container.image) !== true,
  );
}

function containerShortfall(
  model: ModelView,
  bounds: OracleBounds,
  pod: ActualPod,
  spec: Pod,
  container: Container,
): Shortfall | undefined {
  const { name } = container;
  const history = pod.history.get(name);
  const running = runningContainerOf(pod, name);
  if (running !== undefined) {
    const isSame =
      running.content === undefined
        ? running.image === container.image
        : running.content === containerContent(container);
    if (isSame) return undefined;
    return {
      pod,
      history,
      kind: 'content',
      seen: wrongContent(running, container),
      events: [pod.firstSeq, running.startedSeq],
    };
  }
  if (hasEnded(pod, spec, name)) return undefined;
  const policy = restartPolicyOf(spec, name);
  if (policy !== 'Always' && hasOldRecord(model, pod, name)) return undefined;
  if (history !== undefined && history.starts > 0) {
    if (policy === 'Never') return undefined;
    if (history.exitCode !== undefined && restartsAfter(policy, history.exitCode)) {
      const delayMs = delayOf(model.run.timings, startsOf(pod, name));
      if (model.t - history.exitedAtMs <= delayMs + bounds.backoffSlackMs(delayMs)) return undefined;
    }
  }
  if (container.imagePullPolicy === 'Never' && model.images.get(container.image) !== true) return undefined;
  return {
    pod,
    history,
    kind: 'container',
    seen: withRefusal(`Container ${name} is not running`, pod),
    events: [pod.firstSeq, history?.exitedSeq ?? -1, pod.lastCallSeq],
  };
}

/** What was refused last often says why. */
function withRefusal(seen: string, { startRefusal }: ActualPod): string {
  return startRefusal === undefined ? seen : `${seen}; the last ${startRefusal}`;
}

function wrongContent({ name, image }: ActualContainer, wanted: Container): string {
  if (image !== wanted.image) return `Container ${name} runs image ${image}, not ${wanted.image}`;
  const command = [...(wanted.command ?? []), ...(wanted.args ?? [])].join(' ');
  return `Container ${name} was created with another command or other arguments than \`${command}\``;
}

function worstHistory(pod: ActualPod): ContainerHistory | undefined {
  let worst: ContainerHistory | undefined;
  for (const history of pod.history.values()) {
    if (worst === undefined || history.exitedSeq > worst.exitedSeq) worst = history;
  }
  return worst;
}
