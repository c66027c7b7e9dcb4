import type { Container, Pod } from '../spec/pod.js';
import type { ActualPod } from './actual-pod.js';
import { readySandboxOf } from './actual-pod.js';
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

/** The init containers and sidecars that come before this container, in their order: all of them for a regular one. */
export function initsBefore(pod: Pod, name: string): readonly Container[] {
  const inits = pod.spec.initContainers ?? [];
  const index = inits.findIndex((container) => container.name === name);
  return index < 0 ? inits : inits.slice(0, index);
}

/** Whether some regular container exists in the pod's present sandbox: its init containers are done with then. */
export function isInitialized(actual: ActualPod, pod: Pod): boolean {
  const sandbox = readySandboxOf(actual);
  for (const { name, sandboxId } of actual.containers.values()) {
    if (sandboxId !== sandbox?.id) continue;
    if (pod.spec.containers.some((container) => container.name === name)) return true;
  }
  return false;
}

/** Whether a plain init container has run to a good end in the pod's present sandbox, and not begun again since. */
export function hasSucceeded(actual: ActualPod, name: string): boolean {
  const latest = actual.history.get(name)?.latest;
  if (latest === undefined || latest.sandboxId !== readySandboxOf(actual)?.id) return false;
  return latest.state === 'exited' && latest.exitCode === 0;
}

/**
 * Since when a container of this name may run in the pod's present sandbox, in milliseconds, as far as the init
 * containers before it go: -Infinity when there are none, Infinity while one of them is in the way.
 */
export function initializedSinceMs(actual: ActualPod, pod: Pod, name: string): number {
  const before = initsBefore(pod, name);
  const sandbox = readySandboxOf(actual);
  if (before.length === 0 || sandbox === undefined) return -Infinity;
  const isDone = isInitialized(actual, pod);
  let sinceMs = sandbox.createdAtMs;
  for (const container of before) {
    const throughMs = throughSinceMs(actual, container, sandbox.id);
    // Once a regular container is there, none is waited for any more; but what follows may still be on its way.
    if (throughMs !== undefined) sinceMs = Math.max(sinceMs, throughMs);
    else if (!isDone) return Infinity;
  }
  return sinceMs;
}

/** Since when this init container lets others run in this sandbox: it has succeeded or, a sidecar, runs. */
function throughSinceMs(
  actual: ActualPod,
  { name, restartPolicy }: Container,
  sandboxId: string,
): number | undefined {
  const history = actual.history.get(name);
  if (restartPolicy !== 'Always') return hasSucceeded(actual, name) ? history!.exitedAtMs : undefined;
  const latest = history?.latest;
  return latest?.state === 'running' && latest.sandboxId === sandboxId ? latest.startedAtMs : undefined;
}
