import type { Container, CriResult, LinuxContainerResources, PodSandbox } from '../ports/cri.js';
import type {
  ContainerStats,
  CpuUsage,
  FilesystemUsage,
  MemoryUsage,
  NetworkInterfaceUsage,
  PodSandboxStats,
  StatsFilter,
} from '../ports/cri-stats.js';

/** What one running container has used so far. */
export interface Usage {
  readonly cpuNs: number;
  readonly memoryBytes: number;
  /** Without what the kernel could free. */
  readonly workingSetBytes: number;
  readonly processes: number;
}

interface MeasuredContainer {
  readonly item: Container;
  readonly status: { readonly startedAt: number; readonly resources?: { linux?: LinuxContainerResources } };
}
interface MeasuredSandbox {
  readonly item: PodSandbox;
}

/** Of all file systems that a runtime without a store of its own tells of: what its machine's root is on. */
const mountpoint = '/';

/** `usage`: undefined for a container that does not run. */
export function containerStats(
  container: MeasuredContainer,
  usage: Usage | undefined,
  nowNs: number,
): ContainerStats {
  const { item, status } = container;
  const { id, metadata, labels, annotations } = item;
  const limitBytes = status.resources?.linux?.memoryLimitInBytes ?? 0;
  return {
    attributes: { id, metadata, labels, annotations },
    ...(usage && {
      cpu: cpuUsage(usage.cpuNs, status.startedAt, nowNs),
      memory: memoryUsage(usage, limitBytes, nowNs),
    }),
    writableLayer: filesystemUsage(0, nowNs),
  };
}

/** `containers`: of this sandbox, measured at one time. */
export function podSandboxStats(
  sandbox: MeasuredSandbox,
  containers: readonly ContainerStats[],
  measured: {
    readonly usages: readonly Usage[];
    readonly network: NetworkInterfaceUsage | undefined;
    readonly nowNs: number;
  },
): PodSandboxStats {
  const { id, metadata, labels, annotations, createdAt, state } = sandbox.item;
  const { usages, network, nowNs } = measured;
  const total = usages.reduce(sum, nothing);
  return {
    attributes: { id, metadata, labels, annotations },
    linux: {
      ...(state === 'SANDBOX_READY' && {
        cpu: cpuUsage(total.cpuNs, createdAt, nowNs),
        memory: memoryUsage(total, 0, nowNs),
        process: { timestamp: nowNs, processCount: { value: total.processes } },
      }),
      ...(network && { network: { timestamp: nowNs, defaultInterface: network, interfaces: [] } }),
      containers,
    },
  };
}

/** One file system holds images and containers, as with runtimes that are set up in the usual way. */
export function imageFsInfo(usedBytes: number, nowNs: number): CriResult {
  const usage = [filesystemUsage(usedBytes, nowNs)];
  return { code: 'OK', response: { imageFilesystems: usage, containerFilesystems: usage } };
}

function filesystemUsage(usedBytes: number, nowNs: number): FilesystemUsage {
  return {
    timestamp: nowNs,
    fsId: { mountpoint },
    usedBytes: { value: usedBytes },
    inodesUsed: { value: 0 },
  };
}

export function containerWanted(item: Container, filter: StatsFilter | undefined): boolean {
  if (filter === undefined) return true;
  const isOfSandbox = !filter.podSandboxId || item.podSandboxId === filter.podSandboxId;
  return isOfSandbox && isWanted(item, filter);
}

export function sandboxWanted(item: PodSandbox, filter: StatsFilter | undefined): boolean {
  return filter === undefined || isWanted(item, filter);
}

function isWanted(item: Container | PodSandbox, { id, labelSelector }: StatsFilter): boolean {
  if (id && !item.id.startsWith(id)) return false;
  return Object.entries(labelSelector ?? {}).every(([key, value]) => item.labels[key] === value);
}

const nothing: Usage = { cpuNs: 0, memoryBytes: 0, workingSetBytes: 0, processes: 0 };

function sum(one: Usage, other: Usage): Usage {
  return {
    cpuNs: one.cpuNs + other.cpuNs,
    memoryBytes: one.memoryBytes + other.memoryBytes,
    workingSetBytes: one.workingSetBytes + other.workingSetBytes,
    processes: one.processes + other.processes,
  };
}

/** The use at the moment is told as that over the whole life: nothing is kept from one question to the next. */
function cpuUsage(cpuNs: number, sinceNs: number, nowNs: number): CpuUsage {
  const lifeNs = Math.max(nowNs - sinceNs, 1);
  return {
    timestamp: nowNs,
    usageCoreNanoSeconds: { value: Math.round(cpuNs) },
    usageNanoCores: { value: Math.round((cpuNs / lifeNs) * 1e9) },
  };
}

function memoryUsage(usage: Usage, limitBytes: number, nowNs: number): MemoryUsage {
  const { memoryBytes, workingSetBytes } = usage;
  return {
    timestamp: nowNs,
    workingSetBytes: { value: workingSetBytes },
    ...(limitBytes > 0 && { availableBytes: { value: Math.max(limitBytes - workingSetBytes, 0) } }),
    usageBytes: { value: memoryBytes },
    rssBytes: { value: workingSetBytes },
    pageFaults: { value: 0 },
    majorPageFaults: { value: 0 },
  };
}
