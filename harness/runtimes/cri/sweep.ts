import type { PodSandbox } from '../../ports/cri.js';
import { isOwnerDead, parseOwner } from '../leftovers/owner.js';
import { runLabels } from '../run-labels.js';
import type { CriRuntime } from './cri-runtime.js';
import { isNotFound, isUnreachable } from './cri-runtime.js';

/** Pods being made while others are removed are found in a second look; there is no need for many. */
const roundsMax = 5;

/** Removes every pod of one run. */
export async function removePodsOfRun(runtime: CriRuntime, runId: string): Promise<void> {
  for (let round = 0; round < roundsMax; round++) {
    const filter = { labelSelector: { [runLabels.run]: runId } };
    const { items } = await runtime.call('ListPodSandbox', { filter });
    if (items.length === 0) return;
    await removeAll(runtime, items);
  }
}

/** Removes the pods of harness processes that no longer exist; resolves to how many. */
export async function sweepPods(runtime: CriRuntime): Promise<number> {
  let count = 0;
  for (let round = 0; round < roundsMax; round++) {
    const { items } = await runtime.call('ListPodSandbox', {});
    const orphans = items.filter(({ labels }) => {
      const owner = parseOwner(labels[runLabels.owner] ?? '');
      return owner !== undefined && isOwnerDead(owner);
    });
    if (orphans.length === 0) break;
    await removeAll(runtime, orphans);
    count += orphans.length;
  }
  return count;
}

async function removeAll(runtime: CriRuntime, pods: readonly PodSandbox[]): Promise<void> {
  await Promise.all(pods.map(({ id }) => removePod(runtime, id)));
}

/** With all that runs in it. A pod that is being removed by someone else is as good as removed. */
export async function removePod(runtime: CriRuntime, podSandboxId: string): Promise<void> {
  try {
    await runtime.call('StopPodSandbox', { podSandboxId });
    await runtime.call('RemovePodSandbox', { podSandboxId });
  } catch (error) {
    if (isUnreachable(error)) throw error;
    if (isNotFound(error)) return;
    // One more look finds it again, or does not.
  }
}
