import type { ApiObject } from '../api-object.js';
import { ageOf } from './human-duration.js';

/** What is read of pods here; all of it may be missing. */
interface PodParts {
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly { readonly name: string }[];
    readonly initContainers?: readonly { readonly name: string; readonly restartPolicy?: string }[];
    readonly readinessGates?: readonly { readonly conditionType: string }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly nominatedNodeName?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly started?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string };
  readonly running?: object;
  readonly terminated?: {
    readonly reason?: string;
    readonly exitCode?: number;
    readonly signal?: number;
    readonly finishedAt?: string;
  };
}

/** Name, readiness, state, restarts, age, and for wide tables address, node, nominated node and readiness gates. */
export function podCells(pod: ApiObject, nowMs: number): unknown[] {
  const { spec, status } = pod as unknown as PodParts;
  const regular = status?.containerStatuses ?? [];
  const sidecars = (status?.initContainerStatuses ?? []).filter((one) => isSidecar(spec, one.name));
  const wanted = (spec?.containers ?? []).length + (spec?.initContainers ?? []).filter(isSidecarSpec).length;
  const ready = [...regular, ...sidecars].filter((one) => one.ready === true && isRunning(one)).length;
  return [
    pod.metadata.name,
    `${ready}/${wanted}`,
    stateOf(pod),
    restartsOf([...regular, ...sidecars], nowMs),
    ageOf(pod.metadata.creationTimestamp, nowMs),
    status?.podIPs?.[0]?.ip ?? status?.podIP ?? '<none>',
    spec?.nodeName ?? '<none>',
    status?.nominatedNodeName ?? '<none>',
    gatesOf(spec?.readinessGates, status?.conditions),
  ];
}

function isSidecarSpec({ restartPolicy }: { readonly restartPolicy?: string }): boolean {
  return restartPolicy === 'Always';
}

function isSidecar(spec: PodParts['spec'], name: string): boolean {
  const own = spec?.initContainers?.find((container) => container.name === name);
  return own !== undefined && isSidecarSpec(own);
}

function isRunning({ state }: ContainerStatus): boolean {
  return state?.running !== undefined;
}

/** What the pod is doing in one word: the trouble of a container says more than the phase. */
function stateOf(pod: ApiObject): string {
  const { spec, status } = pod as unknown as PodParts;
  const phase = status?.phase ?? 'Unknown';
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  if (pod.metadata.deletionTimestamp !== undefined && !isOver) return 'Terminating';
  const start = initStateOf(spec, status?.initContainerStatuses ?? []);
  if (start !== undefined) return start;
  const statuses = status?.containerStatuses ?? [];
  const reasons = statuses.map(troubleOf).filter((reason) => reason !== undefined);
  const state = reasons[0] ?? status?.reason ?? phase;
  if (state !== 'Completed' || !statuses.some((one) => isRunning(one) && one.ready === true)) return state;
  const isReady = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  return isReady === true ? 'Running' : 'NotReady';
}

/** `Init:` and how far it has come, while the containers that prepare the others are at work. */
function initStateOf(spec: PodParts['spec'], statuses: readonly ContainerStatus[]): string | undefined {
  const total = spec?.initContainers?.length ?? 0;
  for (const [index, one] of statuses.entries()) {
    const { state } = one;
    if (state?.terminated !== undefined && state.terminated.exitCode === 0) continue;
    if (isSidecar(spec, one.name) && one.started === true) continue;
    const trouble = troubleOf(one);
    if (trouble !== undefined && trouble !== 'PodInitializing') return `Init:${trouble}`;
    return `Init:${index}/${total}`;
  }
  return undefined;
}

function troubleOf({ state }: ContainerStatus): string | undefined {
  if (state?.waiting?.reason !== undefined && state.waiting.reason !== '') return state.waiting.reason;
  const { terminated } = state ?? {};
  if (terminated === undefined) return undefined;
  if (terminated.reason !== undefined && terminated.reason !== '') return terminated.reason;
  return terminated.signal !== undefined && terminated.signal !== 0
    ? `Signal:${terminated.signal}`
    : `ExitCode:${terminated.exitCode ?? 0}`;
}

function restartsOf(statuses: readonly ContainerStatus[], nowMs: number): string {
  const count = statuses.reduce((sum, one) => sum + (one.restartCount ?? 0), 0);
  const ends = statuses
    .map((one) => one.lastState?.terminated?.finishedAt)
    .filter((end) => end !== undefined)
    .toSorted();
  const last = ends.at(-1);
  return count === 0 || last === undefined ? String(count) : `${count} (${ageOf(last, nowMs)} ago)`;
}

function gatesOf(
  gates: readonly { readonly conditionType: string }[] | undefined,
  conditions: readonly { readonly type: string; readonly status: string }[] | undefined,
): string {
  if (gates === undefined || gates.length === 0) return '<none>';
  const open = gates.filter(({ conditionType }) =>
    conditions?.some(({ type, status }) => type === conditionType && status === 'True'),
  );
  return `${open.length}/${gates.length}`;
}
