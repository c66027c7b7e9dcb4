import { criMethods, type CriMethod } from '../spec/plan.js';
import type { CriResult } from '../ports/cri.js';

interface AnyRequest {
  readonly config?: {
    readonly metadata?: { readonly name?: unknown; readonly uid?: unknown; readonly namespace?: unknown };
    readonly image?: { readonly image?: unknown };
  } | null;
  readonly image?: { readonly image?: unknown } | null;
  readonly podSandboxId?: unknown;
  readonly containerId?: unknown;
  readonly cmd?: unknown;
}

const known: ReadonlySet<string> = new Set(criMethods);

/**
 * Why a runtime refuses a request before it looks at what is asked: the method does not exist, or a part is
 * missing that the message cannot do without. Agents come from outside, whatever the types say.
 */
export function requestProblem(method: CriMethod, request: object): CriResult | undefined {
  if (!known.has(method)) return { code: 'UNIMPLEMENTED', message: `unknown method ${String(method)}` };
  if (typeof request !== 'object' || request === null) return missing('the request');
  const part = missingPart(method, request as AnyRequest);
  return part === undefined ? undefined : missing(part);
}

function missingPart(method: CriMethod, request: AnyRequest): string | undefined {
  switch (method) {
    case 'RunPodSandbox': {
      const metadata = request.config?.metadata;
      const isWhole = isText(metadata?.name) && isText(metadata?.uid) && isText(metadata?.namespace);
      return isWhole ? undefined : 'config.metadata';
    }
    case 'CreateContainer':
      if (!isText(request.podSandboxId)) return 'podSandboxId';
      if (!isText(request.config?.metadata?.name)) return 'config.metadata';
      return isText(request.config?.image?.image) ? undefined : 'config.image';
    case 'StopPodSandbox':
    case 'RemovePodSandbox':
    case 'PodSandboxStatus':
    case 'PodSandboxStats':
    case 'UpdatePodSandboxResources':
    case 'PortForward':
      return isText(request.podSandboxId) ? undefined : 'podSandboxId';
    case 'ExecSync':
    case 'Exec':
      if (!isText(request.containerId)) return 'containerId';
      return Array.isArray(request.cmd) && request.cmd.every(isText) ? undefined : 'cmd';
    case 'StartContainer':
    case 'StopContainer':
    case 'RemoveContainer':
    case 'ContainerStatus':
    case 'UpdateContainerResources':
    case 'ReopenContainerLog':
    case 'CheckpointContainer':
    case 'ContainerStats':
    case 'Attach':
      return isText(request.containerId) ? undefined : 'containerId';
    case 'PullImage':
    case 'RemoveImage':
    case 'ImageStatus':
      return isText(request.image?.image) ? undefined : 'image';
    default:
      return undefined;
  }
}

function missing(part: string): CriResult {
  return { code: 'INVALID_ARGUMENT', message: `${part} is missing` };
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
