import type { CriResult } from '../../ports/cri.js';
import type { ContainerStats, NetworkInterfaceUsage, PodSandboxStats } from '../../ports/cri-stats.js';
import { containerUnknown, sandboxUnknown } from '../refusals.js';
import { metricDescriptors, podMetrics } from '../metrics.js';
import {
  containerStats,
  containerWanted,
  imageFsInfo,
  podSandboxStats,
  sandboxWanted,
  type Usage,
} from '../statistics.js';
import type { ImageStore } from './images.js';
import type { MemoryHandlers } from './memory-handlers.js';
import type { MemoryStore } from './memory-store.js';
import type { ContainerRecord, SandboxRecord } from './records.js';

const mebibyte = 1_048_576;
/** Of a core, that a workload which does nothing uses. */
const idleShare = 0.001;

/** What simulated containers use: they say themselves how much memory they take, and the processor idles. */
export function createMemoryStatistics(store: MemoryStore, images: ImageStore): MemoryHandlers {
  function usageOf(record: ContainerRecord): Usage | undefined {
    if (record.item.state !== 'CONTAINER_RUNNING') return undefined;
    const bytes = mebibyte * (1 + (record.workload.allocateMiB ?? 0));
    const cpuNs = Math.round((store.nowNs() - record.status.startedAt) * idleShare);
    return { cpuNs, memoryBytes: bytes, workingSetBytes: bytes, processes: 1 };
  }
  const ofContainer = (record: ContainerRecord): ContainerStats =>
    containerStats(record, usageOf(record), store.nowNs());
  function ofSandbox(record: SandboxRecord): PodSandboxStats {
    const containers = [...record.containers];
    return podSandboxStats(record, containers.map(ofContainer), {
      usages: containers.map(usageOf).filter((usage) => usage !== undefined),
      network: record.status.network?.ip ? idleInterface : undefined,
      nowNs: store.nowNs(),
    });
  }
  const ok = (response: object): CriResult => ({ code: 'OK', response });
  return {
    ContainerStats({ containerId }, reply) {
      const record = store.containers.get(containerId);
      reply(
        record === undefined
          ? containerUnknown('ContainerStats', containerId)
          : ok({ stats: ofContainer(record) }),
      );
    },
    ListContainerStats({ filter }, reply) {
      const wanted = [...store.containers.values()].filter(({ item }) => containerWanted(item, filter));
      reply(ok({ stats: wanted.map(ofContainer) }));
    },
    PodSandboxStats({ podSandboxId }, reply) {
      const record = store.sandboxes.get(podSandboxId);
      reply(
        record === undefined
          ? sandboxUnknown('PodSandboxStats', podSandboxId)
          : ok({ stats: ofSandbox(record) }),
      );
    },
    ListPodSandboxStats({ filter }, reply) {
      const wanted = [...store.sandboxes.values()].filter(({ item }) => sandboxWanted(item, filter));
      reply(ok({ stats: wanted.map(ofSandbox) }));
    },
    ListMetricDescriptors: (_request, reply) => reply(ok({ descriptors: metricDescriptors })),
    ListPodSandboxMetrics: (_request, reply) =>
      reply(ok({ podMetrics: [...store.sandboxes.values()].map((record) => podMetrics(ofSandbox(record))) })),
    ImageFsInfo: (_request, reply) => reply(imageFsInfo(images.usedBytes(), store.nowNs())),
  };
}

const none = { value: 0 };
const idleInterface: NetworkInterfaceUsage = {
  name: 'eth0',
  rxBytes: none,
  rxErrors: none,
  txBytes: none,
  txErrors: none,
};
