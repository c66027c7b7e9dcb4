import type { ApiObject } from '../api-object.js';
import { ageOf } from './human-duration.js';

/** What is read of nodes here; all of it may be missing. */
interface NodeParts {
  readonly spec?: { readonly unschedulable?: boolean };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly nodeInfo?: Readonly<Record<string, string>>;
  };
}

const roleLabel = 'node-role.kubernetes.io/';

/** Name, state, roles, age, version, and for wide tables addresses and what the node runs on. */
export function nodeCells(node: ApiObject, nowMs: number): unknown[] {
  const { spec, status } = node as unknown as NodeParts;
  const info = status?.nodeInfo ?? {};
  const address = (type: string): string =>
    status?.addresses?.find((one) => one.type === type)?.address ?? '<none>';
  const roles = Object.keys(node.metadata.labels ?? {})
    .filter((label) => label.startsWith(roleLabel))
    .map((label) => label.slice(roleLabel.length))
    .toSorted();
  return [
    node.metadata.name,
    [readiness(status?.conditions), ...(spec?.unschedulable === true ? ['SchedulingDisabled'] : [])].join(
      ',',
    ),
    roles.length === 0 ? '<none>' : roles.join(','),
    ageOf(node.metadata.creationTimestamp, nowMs),
    info['kubeletVersion'] ?? '',
    address('InternalIP'),
    address('ExternalIP'),
    info['osImage'] ?? '<unknown>',
    info['kernelVersion'] ?? '<unknown>',
    info['containerRuntimeVersion'] ?? '<unknown>',
  ];
}

function readiness(conditions: readonly { readonly type: string; readonly status: string }[] = []): string {
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready === undefined) return 'Unknown';
  return ready.status === 'True' ? 'Ready' : 'NotReady';
}
