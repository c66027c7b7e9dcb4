import type { Pod } from '../spec/pod.js';
import type { ActualContainer, ActualPod } from './actual-pod.js';
import { readySandboxOf } from './actual-pod.js';
import type { ModelView } from './model-view.js';
import { containerContent, findContainer } from './pod-meaning.js';
import { isFinished } from './pod-progress.js';
import { mayGoByLie, standingOf } from './standing.js';

/**
 * Why an agent may stop a pod's container or sandbox at this moment; `none`: there is no reason, `tooEarly`:
 * only that no source lists it, while some source has not delivered yet.
 */
export type StopReason =
  | 'none'
  | 'tooEarly'
  | 'undesired'
  | 'deleting'
  | 'terminal'
  | 'licensed'
  | 'open'
  | 'sandbox'
  | 'definition'
  | 'finished'
  | 'falsified'
  | 'ambiguous'
  | 'notRunning';

/** Stops for these reasons end the pod; the others only repair it. */
export function tearsDown(reason: StopReason): boolean {
  return reason === 'undesired' || reason === 'deleting' || reason === 'licensed';
}

/** The best reason there is for stopping this container, or the whole pod when it is undefined. */
export function stopReasonOf(
  model: ModelView,
  pod: ActualPod,
  container: ActualContainer | undefined,
): StopReason {
  if (container !== undefined && container.state !== 'running') return 'notRunning';
  if (container === undefined && pod.readyCount === 0 && pod.runningCount === 0) return 'notRunning';
  const standing = standingOf(model, pod);
  switch (standing.is) {
    case 'deleting':
    case 'terminal':
      return standing.is;
    case 'unknown':
    case 'gone':
    case 'superseded':
      // A termination that began for another reason goes on when the pod leaves the list as well.
      if (model.desired.allReady() || pod.teardownSeq >= 0) return 'undesired';
      if ((standing.entry?.deletingSeq ?? -1) > model.agentStartedSeq) return 'undesired';
      return repairReason(model, pod, container) ?? 'tooEarly';
    case 'contested':
    case 'uncertain':
      return 'open';
    case 'unseen':
    case 'wanted':
      break;
  }
  const repair = repairReason(model, pod, container);
  if (repair !== undefined) return repair;
  if (pod.licenceSeq >= 0) return 'licensed';
  return standing.is === 'unseen' ? 'tooEarly' : 'none';
}

/** Reasons that hold for pods that go on afterwards. */
function repairReason(
  model: ModelView,
  pod: ActualPod,
  container: ActualContainer | undefined,
): StopReason | undefined {
  if (pod.readyCount !== 1 || pod.isDoubled || mayLookDoubled(model, pod)) return 'sandbox';
  if (container !== undefined && readySandboxOf(pod)?.id !== container.sandboxId) return 'sandbox';
  // Ended containers in an old sandbox may be what an interrupted termination has left.
  const isRemains = container === undefined && pod.runningCount === 0 && pod.containers.size > 0;
  if (isRemains && pod.firstSeq < model.agentStartedSeq) return 'sandbox';
  const { entry } = standingOf(model, pod);
  if (entry !== undefined) {
    if (isFinished(pod, entry.pod)) return 'finished';
    if (container !== undefined && (container.isLicensed || differs(container, entry.pod)))
      return 'definition';
  }
  // What a failed call may have left behind may be cleared away before another attempt.
  if (container === undefined ? pod.ambiguousSeq >= 0 && pod.runningCount === 0 : !container.startConfirmed) {
    return 'ambiguous';
  }
  // A list that lied can make a sound pod look broken for as long as the agent may work on what it said.
  if (mayGoByLie(model)) return 'falsified';
  return undefined;
}

/** A look at one that has been ended from outside since is as good as a look at two. */
function mayLookDoubled({ t, bounds }: ModelView, pod: ActualPod): boolean {
  const lookedAtMs = pod.sandboxLostAtMs + bounds.Tpleg;
  return t <= lookedAtMs + bounds.Terr && (readySandboxOf(pod)?.createdAtMs ?? Infinity) <= lookedAtMs;
}

/** The container was made from another definition than the pod has now. */
export function differs(container: ActualContainer, pod: Pod): boolean {
  const wanted = findContainer(pod, container.name);
  if (wanted === undefined) return true;
  return container.content === undefined
    ? container.image !== wanted.image
    : container.content !== containerContent(wanted);
}
