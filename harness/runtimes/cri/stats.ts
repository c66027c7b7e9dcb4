import type { ContainerStats, PodSandboxStats, StatsFilter } from '../../ports/cri-stats.js';
import { runLabels } from '../run-labels.js';
import { withoutRunLabels } from './cri-records.js';
import { withoutRun } from './uid-in-run.js';

/** Of a list of statistics: what carries the run's label only. */
export function ownFilter(filter: StatsFilter | undefined, runId: string): StatsFilter {
  return { ...filter, labelSelector: { ...filter?.labelSelector, [runLabels.run]: runId } };
}

/** Statistics without what agents did not give. */
export function ownContainerStats(stats: ContainerStats): ContainerStats {
  const { attributes } = stats;
  return { ...stats, attributes: { ...attributes, labels: withoutRunLabels(attributes.labels) } };
}

export function ownPodStats(stats: PodSandboxStats, runId: string): PodSandboxStats {
  const { attributes, linux } = stats;
  const { metadata, labels } = attributes;
  return {
    attributes: {
      ...attributes,
      labels: withoutRunLabels(labels),
      metadata: { ...metadata, uid: withoutRun(metadata.uid, runId) },
    },
    ...(linux && { linux: { ...linux, containers: (linux.containers ?? []).map(ownContainerStats) } }),
  };
}
