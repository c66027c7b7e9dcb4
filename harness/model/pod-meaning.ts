import { canonicalJson } from '../core/hash.js';
import type { Container, Pod, RestartPolicy, SourceKind } from '../spec/pod.js';
import { isStaticSource, Keys } from '../spec/pod.js';

/** `namespace/name` as the runtime shows it: static pods get the node's name as a suffix. */
export function fullNameOf(pod: Pod, source: SourceKind, nodeName: string): string {
  const namespace = pod.metadata.namespace ?? 'default';
  const name = isStaticSource(source) ? `${pod.metadata.name}-${nodeName}` : pod.metadata.name;
  return `${namespace}/${name}`;
}

const meanings = new WeakMap<Pod, string>();

/**
 * A text that is equal for two pods exactly when an agent has no reason to treat them differently: without
 * status, resource version and what else a server keeps about an object.
 */
export function meaningOf(pod: Pod): string {
  let meaning = meanings.get(pod);
  if (meaning === undefined) {
    const { metadata } = pod;
    meaning = `${pod.metadata.namespace ?? 'default'}/${metadata.name} ${metadata.uid ?? ''} ${
      metadata.deletionTimestamp ?? ''
    } ${metadata.deletionGracePeriodSeconds ?? ''} ${canonicalJson(metadata.labels ?? {})} ${canonicalJson(
      foreignAnnotations(metadata.annotations),
    )} ${specText(pod)}`;
    meanings.set(pod, meaning);
  }
  return meaning;
}

const specTexts = new WeakMap<object, string>();

/** An API server rewrites metadata and status far more often than the spec, which it shares between versions. */
function specText(pod: Pod): string {
  let text = specTexts.get(pod.spec);
  if (text === undefined) {
    const { nodeName: _nodeName, ...spec } = pod.spec;
    specTexts.set(pod.spec, (text = canonicalJson(spec)));
  }
  return text;
}

/** The annotations that are not the agent's own notes about where a pod came from. */
function foreignAnnotations(annotations: Readonly<Record<string, string>> | undefined): object {
  if (annotations === undefined) return {};
  return Object.fromEntries(
    Object.entries(annotations).filter(([name]) => !name.startsWith('kubernetes.io/config.')),
  );
}

/** What of a container shows in CreateContainer: image, command and arguments. */
export function containerContent(container: {
  readonly image: string;
  readonly command?: readonly string[] | undefined;
  readonly args?: readonly string[] | undefined;
}): string {
  return `${container.image}\u0000${(container.command ?? []).join('\u0001')}\u0000${(container.args ?? []).join('\u0001')}`;
}

/** Regular and init containers of a pod. */
export function containersOf(pod: Pod): readonly Container[] {
  return pod.spec.initContainers === undefined
    ? pod.spec.containers
    : [...pod.spec.initContainers, ...pod.spec.containers];
}

/** The container of this name, regular or init. */
export function findContainer(pod: Pod, name: string): Container | undefined {
  return (
    pod.spec.containers.find((container) => container.name === name) ??
    pod.spec.initContainers?.find((container) => container.name === name)
  );
}

/** True for a plain init container or a sidecar of this name. */
export function isInitContainer(pod: Pod, name: string): boolean {
  return pod.spec.initContainers?.some((container) => container.name === name) ?? false;
}

/** True for a restartable init container of this name. */
export function isSidecar(pod: Pod, name: string): boolean {
  return (
    pod.spec.initContainers?.some(
      (container) => container.name === name && container.restartPolicy === 'Always',
    ) ?? false
  );
}

/** The policy that holds for this container: sidecars always restart, plain init containers never after 0. */
export function restartPolicyOf(pod: Pod, name: string): RestartPolicy {
  if (isSidecar(pod, name)) return 'Always';
  const policy = pod.spec.restartPolicy ?? 'Always';
  return isInitContainer(pod, name) && policy === 'Always' ? 'OnFailure' : policy;
}

/** Whether a container that exited with this code is to run again. */
export function restartsAfter(policy: RestartPolicy, exitCode: number): boolean {
  switch (policy) {
    case 'Always':
      return true;
    case 'OnFailure':
      return exitCode !== 0;
    case 'Never':
      return false;
  }
}

/** The grace period in force, in seconds: of the deletion when there is one, else of the spec. */
export function graceSecondsOf(pod: Pod): number {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  return (
    (deletionTimestamp === undefined ? undefined : deletionGracePeriodSeconds) ?? specGraceSecondsOf(pod)
  );
}

/** What the author of the pod said, in seconds, default 30. */
export function specGraceSecondsOf({ spec }: Pod): number {
  return spec.terminationGracePeriodSeconds ?? 30;
}

/** Mirror pods are what the agent itself wrote about its static pods: output, never input. */
export function isMirror(pod: Pod): boolean {
  return pod.metadata.annotations?.[Keys.annotationConfigMirror] !== undefined;
}

/** Succeeded and Failed are for ever. */
export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
