import type { Pod } from '../spec/pod.js';
import type { ActualPod } from './actual-pods.js';
import { restartPolicyOf, restartsAfter } from './pod-meaning.js';

/** Nothing of this pod is left to run: every container has ended for good, or an init container has failed. */
export function isFinished(actual: ActualPod, pod: Pod): boolean {
  for (const container of pod.spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') continue;
    const history = actual.history.get(container.name);
    if (history?.exitCode === undefined || history.exitCode === 0) continue;
    if (restartPolicyOf(pod, container.name) === 'Never') return true;
  }
  return pod.spec.containers.every((container) => hasEnded(actual, pod, container.name));
}

/** The container of this name has ended and its policy does not start it again. */
export function hasEnded(actual: ActualPod, pod: Pod, name: string): boolean {
  const history = actual.history.get(name);
  if (history === undefined || history.starts === 0) return false;
  if (history.latest?.state === 'running') return false;
  const policy = restartPolicyOf(pod, name);
  if (history.exitCode === undefined) return policy === 'Never';
  return !restartsAfter(policy, history.exitCode);
}
