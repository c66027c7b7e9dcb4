import type { PlanPod } from '../spec/plan.js';

/** Finds the plan's slot that a pod seen at a boundary belongs to. */
export interface PodSlots {
  /** By UID where the plan gives one, else by namespace and name, with or without the node's suffix. */
  of(pod: {
    readonly uid?: string | undefined;
    readonly namespace?: string | undefined;
    readonly name?: string | undefined;
  }): number | undefined;
  byName(namespace: string | undefined, name: string | undefined): number | undefined;
  /** `namespace/name` of a slot, for people. */
  label(slot: number | undefined): string | undefined;
}

export function createPodSlots(pods: readonly PlanPod[], nodeName: string): PodSlots {
  const byUid = new Map<string, number>();
  const byFullName = new Map<string, number>();
  const labels = new Map<number, string>();
  for (const { slot, identity } of pods) {
    const { namespace, name, uid } = identity;
    if (uid !== undefined && !byUid.has(uid)) byUid.set(uid, slot);
    for (const fullName of [`${namespace}/${name}`, `${namespace}/${name}-${nodeName}`]) {
      if (!byFullName.has(fullName)) byFullName.set(fullName, slot);
    }
    labels.set(slot, `${namespace}/${name}`);
  }
  const byName = (namespace: string | undefined, name: string | undefined): number | undefined =>
    name === undefined ? undefined : byFullName.get(`${namespace ?? 'default'}/${name}`);
  return {
    byName,
    of: ({ uid, namespace, name }) =>
      (uid === undefined ? undefined : byUid.get(uid)) ?? byName(namespace, name),
    label: (slot) => (slot === undefined ? undefined : labels.get(slot)),
  };
}
