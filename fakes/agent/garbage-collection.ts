import type { AgentContext } from './context.js';
import { isNotFound } from './runtime-calls.js';
import { newestContainer, newestSandbox } from './runtime-records.js';
import type { ContainerRecord, PodRecord, SandboxRecord } from './types.js';
import { hasLiveParts, isLive } from './types.js';

/** Removes all that is left of a pod that has ended. Returns false when something could not be removed. */
export async function cleanUp(context: AgentContext, uid: string): Promise<boolean> {
  const { view, decisions } = context;
  const record = view.recordOf(uid);
  if (record === undefined) return true;
  // What came to life after the last look is not garbage.
  if (hasLiveParts(record)) return !decisions.verifiesStop;
  const removals = [removeContainers, removeSandboxes];
  if (decisions.removalOrder === 'sandboxesThenContainers') removals.reverse();
  for (const remove of removals) if (!(await remove(context, record))) return false;
  return true;
}

async function removeContainers(context: AgentContext, record: PodRecord): Promise<boolean> {
  if (!context.decisions.removesContainers) return true;
  let isComplete = true;
  for (const container of [...record.containers]) {
    if (!container.vanished && !(await removeContainer(context, record.uid, container))) isComplete = false;
  }
  return isComplete;
}

async function removeSandboxes(context: AgentContext, record: PodRecord): Promise<boolean> {
  if (!context.decisions.removesSandboxes) return true;
  let isComplete = true;
  for (const sandbox of [...record.sandboxes]) {
    if (!(await removeSandbox(context, record.uid, sandbox))) isComplete = false;
  }
  return isComplete;
}

/**
 * Removes what a living pod no longer needs: all but the newest dead containers of each name, and old
 * sandboxes without containers.
 */
export async function removeSurplus(context: AgentContext, uid: string): Promise<void> {
  const { view, decisions } = context;
  const record = view.recordOf(uid);
  if (record === undefined || (record.containers.length <= 1 && record.sandboxes.length <= 1)) return;
  const deadOf = new Map<string, ContainerRecord[]>();
  for (const container of [...record.containers]) {
    if (isLive(container) || container.vanished) continue;
    if (container.state === 'created') {
      // A create of an earlier life may have come late, beside what runs now.
      if (newestContainer(record, container.name) !== container)
        await removeContainer(context, uid, container);
      continue;
    }
    deadOf.set(container.name, [...(deadOf.get(container.name) ?? []), container]);
  }
  for (const dead of deadOf.values()) {
    dead.sort((left, right) => right.attempt - left.attempt);
    for (const container of dead.slice(decisions.deadContainersKept)) {
      await removeContainer(context, uid, container);
    }
  }
  const newest = newestSandbox(record);
  for (const sandbox of [...record.sandboxes]) {
    const isUsed = record.containers.some(
      (container) => !container.vanished && container.sandboxId === sandbox.id,
    );
    if (sandbox === newest || sandbox.ready || isUsed || !decisions.removesSandboxes) continue;
    await removeSandbox(context, uid, sandbox);
  }
}

async function removeContainer(
  context: AgentContext,
  uid: string,
  container: ContainerRecord,
): Promise<boolean> {
  try {
    await context.calls.removeContainer(container.id);
  } catch (error) {
    if (!isNotFound(error)) return false;
  }
  context.view.noteContainerRemoved(uid, container);
  return true;
}

async function removeSandbox(context: AgentContext, uid: string, sandbox: SandboxRecord): Promise<boolean> {
  try {
    await context.calls.removeSandbox(sandbox.id);
  } catch (error) {
    if (!isNotFound(error)) return false;
  }
  context.view.noteSandboxRemoved(uid, sandbox);
  return true;
}
