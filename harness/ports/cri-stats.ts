import type { ContainerMetadata, PodSandboxMetadata } from './cri.js';

/** What a runtime tells of use; times are nanoseconds since the epoch, absent counts are unknown ones. */
export interface CountValue {
  readonly value: number;
}
export interface FilesystemUsage {
  readonly timestamp: number;
  readonly fsId: { readonly mountpoint: string };
  readonly usedBytes: CountValue;
  readonly inodesUsed: CountValue;
}
export interface CpuUsage {
  readonly timestamp: number;
  /** Since the start, summed over all cores. */
  readonly usageCoreNanoSeconds: CountValue;
  /** At the moment: 10⁹ is one core. */
  readonly usageNanoCores?: CountValue;
}
export interface MemoryUsage {
  readonly timestamp: number;
  /** What cannot be freed under pressure. */
  readonly workingSetBytes: CountValue;
  /** Of the limit; absent without one. */
  readonly availableBytes?: CountValue;
  readonly usageBytes?: CountValue;
  readonly rssBytes?: CountValue;
  readonly pageFaults?: CountValue;
  readonly majorPageFaults?: CountValue;
}
export interface NetworkInterfaceUsage {
  readonly name: string;
  readonly rxBytes: CountValue;
  readonly rxErrors: CountValue;
  readonly txBytes: CountValue;
  readonly txErrors: CountValue;
}
export interface ContainerStats {
  readonly attributes: {
    readonly id: string;
    readonly metadata: ContainerMetadata;
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
  };
  /** Of running containers only. */
  readonly cpu?: CpuUsage;
  readonly memory?: MemoryUsage;
  readonly writableLayer?: FilesystemUsage;
}
export interface PodSandboxStats {
  readonly attributes: {
    readonly id: string;
    readonly metadata: PodSandboxMetadata;
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
  };
  readonly linux?: {
    readonly cpu?: CpuUsage;
    readonly memory?: MemoryUsage;
    readonly network?: {
      readonly timestamp: number;
      readonly defaultInterface?: NetworkInterfaceUsage;
      readonly interfaces?: readonly NetworkInterfaceUsage[];
    };
    readonly process?: { readonly timestamp: number; readonly processCount: CountValue };
    readonly containers: readonly ContainerStats[];
  };
}
export interface StatsFilter {
  readonly id?: string;
  readonly podSandboxId?: string;
  readonly labelSelector?: Record<string, string>;
}

export interface MetricDescriptor {
  readonly name: string;
  readonly help: string;
  readonly labelKeys: readonly string[];
}
export interface Metric {
  readonly name: string;
  readonly timestamp: number;
  readonly metricType: 'COUNTER' | 'GAUGE';
  /** In the order of the descriptor's keys. */
  readonly labelValues: readonly string[];
  readonly value: CountValue;
}
export interface PodSandboxMetrics {
  readonly podSandboxId: string;
  readonly metrics: readonly Metric[];
  readonly containerMetrics: readonly { readonly containerId: string; readonly metrics: readonly Metric[] }[];
}
