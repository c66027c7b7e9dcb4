import type { CriResult } from '../../ports/cri.js';
import type { ContainerStats, NetworkInterfaceUsage, PodSandboxStats } from '../../ports/cri-stats.js';
import { metricDescriptors, podMetrics } from '../metrics.js';
import { containerUnknown, sandboxUnknown } from '../refusals.js';
import {
  containerStats,
  containerWanted,
  podSandboxStats,
  sandboxWanted,
  type Usage,
} from '../statistics.js';
import type { DockerHandlers } from './docker-handlers.js';
import type { DockerContainerHandle } from './docker-engine.js';
import { engineStatus } from './docker-engine.js';
import type { ContainerRecord, SandboxRecord } from './docker-records.js';

/** Those parts of the engine's answer that are read; the rest differs between hosts. */
interface EngineStats {
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
  readonly memory_stats?: {
    readonly usage?: number;
    readonly stats?: { readonly inactive_file?: number; readonly total_inactive_file?: number };
  };
  readonly pids_stats?: { readonly current?: number };
  readonly networks?: Readonly<
    Record<
      string,
      {
        readonly rx_bytes: number;
        readonly rx_errors: number;
        readonly tx_bytes: number;
        readonly tx_errors: number;
      }
    >
  >;
}

/** What real containers use, as the engine tells it. */
export function createDockerStatistics(known: {
  readonly sandboxes: ReadonlyMap<string, SandboxRecord>;
  readonly containers: ReadonlyMap<string, ContainerRecord>;
}): DockerHandlers {
  const { sandboxes, containers } = known;
  const ok = (response: object): CriResult => ({ code: 'OK', response });
  return {
    async ContainerStats({ containerId }) {
      const record = containers.get(containerId);
      if (record === undefined) return containerUnknown('ContainerStats', containerId);
      return ok({ stats: (await measure(record)).stats });
    },
    async ListContainerStats({ filter }) {
      const wanted = [...containers.values()].filter(({ item }) => containerWanted(item, filter));
      const measured = await Promise.all(wanted.map(measure));
      return ok({ stats: measured.map(({ stats }) => stats) });
    },
    async PodSandboxStats({ podSandboxId }) {
      const record = sandboxes.get(podSandboxId);
      if (record === undefined) return sandboxUnknown('PodSandboxStats', podSandboxId);
      return ok({ stats: await measurePod(record) });
    },
    async ListPodSandboxStats({ filter }) {
      const wanted = [...sandboxes.values()].filter(({ item }) => sandboxWanted(item, filter));
      return ok({ stats: await Promise.all(wanted.map(measurePod)) });
    },
    ListMetricDescriptors: () => ok({ descriptors: metricDescriptors }),
    async ListPodSandboxMetrics() {
      const measured = await Promise.all([...sandboxes.values()].map(measurePod));
      return ok({ podMetrics: measured.map(podMetrics) });
    },
  };
}

async function measure(
  record: ContainerRecord,
): Promise<{ stats: ContainerStats; usage: Usage | undefined }> {
  const isRunning = record.item.state === 'CONTAINER_RUNNING';
  const told = isRunning ? await statsOf(record.handle) : undefined;
  const usage = told && usageIn(told);
  return { stats: containerStats(record, usage, Date.now() * 1e6), usage };
}

async function measurePod(record: SandboxRecord): Promise<PodSandboxStats> {
  const isReady = record.item.state === 'SANDBOX_READY';
  const [own, measured] = await Promise.all([
    isReady ? statsOf(record.handle) : undefined,
    Promise.all([...record.containers].map(measure)),
  ]);
  const usages = measured.map(({ usage }) => usage).filter((usage) => usage !== undefined);
  return podSandboxStats(
    record,
    measured.map(({ stats }) => stats),
    {
      usages: own === undefined ? usages : [usageIn(own), ...usages],
      network: own === undefined ? undefined : networkIn(own),
      nowNs: Date.now() * 1e6,
    },
  );
}

/** Undefined when the container is gone meanwhile. */
async function statsOf(handle: DockerContainerHandle): Promise<EngineStats | undefined> {
  try {
    return (await handle.stats({ stream: false, 'one-shot': true })) as EngineStats;
  } catch (error) {
    if (engineStatus(error) === undefined) throw error;
    return undefined;
  }
}

function usageIn({ cpu_stats: cpu, memory_stats: memory, pids_stats: pids }: EngineStats): Usage {
  const bytes = memory?.usage ?? 0;
  const idleBytes = memory?.stats?.total_inactive_file ?? memory?.stats?.inactive_file ?? 0;
  return {
    cpuNs: cpu?.cpu_usage?.total_usage ?? 0,
    memoryBytes: bytes,
    workingSetBytes: Math.max(bytes - idleBytes, 0),
    processes: pids?.current ?? 0,
  };
}

function networkIn({ networks = {} }: EngineStats): NetworkInterfaceUsage | undefined {
  const [name, counts] = Object.entries(networks)[0] ?? [];
  if (name === undefined || counts === undefined) return undefined;
  return {
    name,
    rxBytes: { value: counts.rx_bytes },
    rxErrors: { value: counts.rx_errors },
    txBytes: { value: counts.tx_bytes },
    txErrors: { value: counts.tx_errors },
  };
}
