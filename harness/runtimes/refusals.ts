import type { ContainerState, CriResult } from '../ports/cri.js';

/**
 * Refusals in containerd's words and with its codes, which agents have learned to live with: most of them are UNKNOWN
 * there, whatever the CRI's documentation would suggest.
 */
export function nameReserved(what: 'sandbox' | 'container', name: string, by: string): CriResult {
  const message = `failed to reserve ${what} name "${name}": name "${name}" is reserved for "${by}"`;
  return { code: 'UNKNOWN', message };
}

export function imageUnknown(image: string): CriResult {
  return { code: 'NOT_FOUND', message: `failed to resolve image "${image}": not found` };
}

/** A container was to be made in it. */
export function sandboxHasEnded(sandboxId: string): CriResult {
  const task = `no running task found: task ${sandboxId} not found: not found`;
  return { code: 'NOT_FOUND', message: `failed to get sandbox container task: ${task}` };
}

/** A container was to be started in it. */
export function sandboxNotRunning(sandboxId: string): CriResult {
  return { code: 'UNKNOWN', message: `sandbox container "${sandboxId}" is not running` };
}

export function alreadyStarted(containerId: string, state: ContainerState): CriResult {
  const message = `failed to set starting state for container "${containerId}": container is in ${state} state`;
  return { code: 'UNKNOWN', message };
}

export function cannotExecIn(state: ContainerState): CriResult {
  return { code: 'UNKNOWN', message: `failed to exec in container: container is in ${state} state` };
}
