import type { CriMethod } from '../../spec/plan.js';
import { runLabels } from '../run-labels.js';
import { withoutRunLabels } from './cri-records.js';
import type { CriRuntime } from './cri-runtime.js';

/** Statistics of one container or sandbox, as far as they are looked at here. */
interface Stats {
  readonly attributes?: { readonly id: string; readonly labels: Record<string, string> };
  /** Of a sandbox. */
  readonly linux?: { readonly containers?: readonly Stats[] };
}

/** Statistics of a list method, of what carries the run's label only. */
export async function listStats(
  runtime: CriRuntime,
  method: Extract<CriMethod, 'ListContainerStats' | 'ListPodSandboxStats'>,
  asked: { readonly request: object; readonly runId: string },
): Promise<object> {
  const { filter } = asked.request as { filter?: { labelSelector?: Record<string, string> } };
  const labelSelector = { ...filter?.labelSelector, [runLabels.run]: asked.runId };
  const answer = await runtime.call(method, { filter: { ...filter, labelSelector } });
  return { stats: (answer as { stats: readonly Stats[] }).stats.map(ownStats) };
}

/** Statistics of one thing that is known to be of the run. */
export async function statsOf(
  runtime: CriRuntime,
  method: Extract<CriMethod, 'ContainerStats' | 'PodSandboxStats'>,
  request: object,
): Promise<object> {
  const { stats } = (await runtime.call(method, request)) as { stats?: Stats };
  return stats === undefined ? {} : { stats: ownStats(stats) };
}

/** Without the labels that agents did not give. */
function ownStats(stats: Stats): Stats {
  const { attributes, linux } = stats;
  return {
    ...stats,
    ...(attributes && { attributes: { ...attributes, labels: withoutRunLabels(attributes.labels) } }),
    ...(linux && { linux: { ...linux, containers: (linux.containers ?? []).map(ownStats) } }),
  };
}
