import type { CriMethod } from '../../spec/plan.js';
import { runLabels } from '../run-labels.js';
import { withoutRunLabels } from './cri-records.js';
import type { CriRuntime } from './cri-runtime.js';
import { withoutRun } from './uid-in-run.js';

/** Statistics of one container or sandbox, as far as they are looked at here. */
interface Stats {
  readonly attributes?: {
    readonly id: string;
    readonly labels: Record<string, string>;
    /** With a UID: of a sandbox. */
    readonly metadata?: { readonly name: string; readonly uid?: string };
  };
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
  return {
    stats: (answer as { stats: readonly Stats[] }).stats.map((stats) => ownStats(stats, asked.runId)),
  };
}

/** Statistics of one thing that is known to be of the run. */
export async function statsOf(
  runtime: CriRuntime,
  method: Extract<CriMethod, 'ContainerStats' | 'PodSandboxStats'>,
  asked: { readonly request: object; readonly runId: string },
): Promise<object> {
  const { stats } = (await runtime.call(method, asked.request)) as { stats?: Stats };
  return stats === undefined ? {} : { stats: ownStats(stats, asked.runId) };
}

/** Without what agents did not give. */
function ownStats(stats: Stats, runId: string): Stats {
  const { attributes, linux } = stats;
  const containers = linux?.containers?.map((each) => ownStats(each, runId)) ?? [];
  return {
    ...stats,
    ...(attributes && { attributes: ownAttributes(attributes, runId) }),
    ...(linux && { linux: { ...linux, containers } }),
  };
}

function ownAttributes(attributes: NonNullable<Stats['attributes']>, runId: string): Stats['attributes'] {
  const { metadata, labels } = attributes;
  const uid = metadata?.uid;
  return {
    ...attributes,
    labels: withoutRunLabels(labels),
    ...(metadata && uid !== undefined && { metadata: { ...metadata, uid: withoutRun(uid, runId) } }),
  };
}
