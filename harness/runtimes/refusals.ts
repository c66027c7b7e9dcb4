import type { ContainerState, CriResult } from '../ports/cri.js';
import type { CriMethod } from '../spec/plan.js';

/**
 * Refusals in containerd's words and with its codes, which agents have learned to live with: most of them are UNKNOWN
 * there, whatever the CRI's documentation would suggest. To stop or remove what is not there is no error.
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

/** A session in it, of either kind, was asked for. */
export function cannotJoin(state: ContainerState): CriResult {
  return { code: 'UNKNOWN', message: `container is in ${state} state` };
}

export function cannotForwardTo(): CriResult {
  return { code: 'UNKNOWN', message: 'sandbox container is not running' };
}

export function cannotReopenLog(): CriResult {
  return { code: 'UNKNOWN', message: 'container is not running' };
}

/** As runtimes word it that run programs with runc. */
export function programMissing(program: string): CriResult {
  const why = program.includes('/')
    ? `stat ${program}: no such file or directory`
    : 'executable file not found in $PATH';
  const start = `exec: ${JSON.stringify(program)}: ${why}`;
  const message = `OCI runtime exec failed: exec failed: unable to start container process: ${start}: unknown`;
  return { code: 'UNKNOWN', message: `failed to exec in container: failed to start exec: ${message}` };
}

export function execTimedOut(timeoutS: number): CriResult {
  const message = `failed to exec in container: timeout ${timeoutS}s exceeded: context deadline exceeded`;
  return { code: 'DEADLINE_EXCEEDED', message };
}

/** There is no such call, as a gRPC server in Go says it. */
export function unknownMethod(method: CriMethod): CriResult {
  const service = imageMethods.has(method) ? 'ImageService' : 'RuntimeService';
  return { code: 'UNIMPLEMENTED', message: `unknown method ${method} for service runtime.v1.${service}` };
}

const imageMethods: ReadonlySet<CriMethod> = new Set<CriMethod>([
  'ListImages',
  'ImageStatus',
  'PullImage',
  'RemoveImage',
  'ImageFsInfo',
]);

/** There is such a call, and nothing that could do it. */
export function notImplemented(method: CriMethod): CriResult {
  return { code: 'UNIMPLEMENTED', message: `method ${method} not implemented` };
}

/** Each call has words of its own for a thing that is not there. */
export function containerUnknown(method: CriMethod, id: string): CriResult {
  return { code: 'NOT_FOUND', message: `${whereContainerIsUnknown(method, id)}: not found` };
}

function whereContainerIsUnknown(method: CriMethod, id: string): string {
  switch (method) {
    case 'ExecSync':
      return `failed to exec in container: failed to find container "${id}" in store`;
    case 'Exec':
      return `failed to find container "${id}" in store`;
    case 'Attach':
      return 'failed to find container in store';
    case 'ContainerStats':
    case 'UpdateContainerResources':
      return 'failed to find container';
    default:
      return `an error occurred when try to find container "${id}"`;
  }
}

export function sandboxUnknown(method: CriMethod, id: string): CriResult {
  return { code: 'NOT_FOUND', message: `${whereSandboxIsUnknown(method, id)}: not found` };
}

function whereSandboxIsUnknown(method: CriMethod, id: string): string {
  switch (method) {
    case 'PortForward':
      return `failed to find sandbox "${id}"`;
    case 'CreateContainer':
      return `failed to find sandbox id "${id}"`;
    case 'PodSandboxStats':
      return `an error occurred when trying to find sandbox ${id}`;
    case 'PodSandboxStatus':
      return 'an error occurred when try to find sandbox';
    default:
      return `an error occurred when try to find sandbox "${id}"`;
  }
}
