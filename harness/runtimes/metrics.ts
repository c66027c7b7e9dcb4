import type {
  ContainerStats,
  Metric,
  MetricDescriptor,
  PodSandboxMetrics,
  PodSandboxStats,
} from '../ports/cri-stats.js';

interface Measure<Stats> {
  readonly name: string;
  readonly help: string;
  readonly type: Metric['metricType'];
  /** Undefined: there is nothing to tell of this one. */
  readonly read: (stats: Stats) => number | undefined;
}

/** Under the names that monitoring of pods goes by; counts are whole numbers there. */
const containerMeasures: readonly Measure<ContainerStats>[] = [
  {
    name: 'container_cpu_usage_seconds_total',
    help: 'Processor time used since the start, in seconds.',
    type: 'COUNTER',
    read: ({ cpu }) => cpu && Math.floor(cpu.usageCoreNanoSeconds.value / 1e9),
  },
  {
    name: 'container_memory_usage_bytes',
    help: 'Memory in use, in bytes.',
    type: 'GAUGE',
    read: ({ memory }) => memory?.usageBytes?.value,
  },
  {
    name: 'container_memory_working_set_bytes',
    help: 'Memory that cannot be freed under pressure, in bytes.',
    type: 'GAUGE',
    read: ({ memory }) => memory?.workingSetBytes.value,
  },
];

const podMeasures: readonly Measure<PodSandboxStats>[] = [
  {
    name: 'container_network_receive_bytes_total',
    help: 'Bytes received by the pod.',
    type: 'COUNTER',
    read: ({ linux }) => linux?.network?.defaultInterface?.rxBytes.value,
  },
  {
    name: 'container_network_transmit_bytes_total',
    help: 'Bytes sent by the pod.',
    type: 'COUNTER',
    read: ({ linux }) => linux?.network?.defaultInterface?.txBytes.value,
  },
  {
    name: 'container_processes',
    help: 'Processes in the pod.',
    type: 'GAUGE',
    read: ({ linux }) => linux?.process?.processCount.value,
  },
];

const containerLabels = ['id', 'container', 'namespace', 'pod'];
const podLabels = ['id', 'namespace', 'pod'];

/** All that {@link podMetrics} may contain: agents drop what is not described here. */
export const metricDescriptors: readonly MetricDescriptor[] = [
  ...containerMeasures.map(({ name, help }) => ({ name, help, labelKeys: containerLabels })),
  ...podMeasures.map(({ name, help }) => ({ name, help, labelKeys: podLabels })),
];

/** The statistics of a pod once more, in the form of metrics. */
export function podMetrics(stats: PodSandboxStats): PodSandboxMetrics {
  const { id, metadata } = stats.attributes;
  const pod = [metadata.namespace, metadata.name];
  return {
    podSandboxId: id,
    metrics: metricsOf(podMeasures, stats, [id, ...pod]),
    containerMetrics: (stats.linux?.containers ?? []).map((container) => ({
      containerId: container.attributes.id,
      metrics: metricsOf(containerMeasures, container, [
        container.attributes.id,
        container.attributes.metadata.name,
        ...pod,
      ]),
    })),
  };
}

function metricsOf<Stats extends ContainerStats | PodSandboxStats>(
  measures: readonly Measure<Stats>[],
  stats: Stats,
  labelValues: readonly string[],
): Metric[] {
  const timestamp =
    ('linux' in stats ? stats.linux?.cpu?.timestamp : (stats as ContainerStats).cpu?.timestamp) ?? 0;
  return measures.flatMap(({ name, type, read }) => {
    const value = read(stats);
    return value === undefined ? [] : [{ name, timestamp, metricType: type, labelValues, value: { value } }];
  });
}
