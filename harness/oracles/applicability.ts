import type { SourceKind } from '../spec/pod.js';
import type { RequirementId } from '../spec/requirements.js';
import type { RunStarted } from '../trace/events.js';

/** What an agent must have for a requirement to apply to it. */
interface Needs {
  /** All of these sources. */
  readonly sources?: readonly SourceKind[];
  /** At least one of these sources. */
  readonly anySource?: readonly SourceKind[];
  readonly features?: readonly string[];
}

/** By group: every requirement whose identifier begins so. */
const groups: readonly (readonly [prefix: string, needs: Needs])[] = [
  ['FILE-', { sources: ['file'] }],
  ['HTTP-', { sources: ['http'] }],
  ['API-', { sources: ['api'] }],
  ['MIRR-', { sources: ['api'], anySource: ['file', 'http'], features: ['mirror-pods'] }],
  ['STAT-', { sources: ['api'], features: ['status'] }],
  ['BACK-', { features: ['restart-policy'] }],
  ['GC-', { features: ['garbage-collection'] }],
  ['ORPH-', { features: ['orphan-cleanup'] }],
  ['ADOPT-', { features: ['adoption'] }],
  ['IMG-', { features: ['image-pull'] }],
  ['PROBE-', { features: ['probes'] }],
];

const single: { readonly [Id in RequirementId]?: Needs } = {
  'MUX-08': { sources: ['file', 'http'] },
  'MUX-10': { anySource: ['file', 'http'], features: ['static-identity'] },
  'WORK-02': { anySource: ['file', 'http'] },
  'LIFE-03': { features: ['init-containers'] },
  'LIFE-04': { features: ['sidecars'] },
  'LIFE-05': { features: ['init-containers'] },
  'LIFE-06': { features: ['restart-policy'] },
  'LIFE-07': { features: ['restart-policy'] },
  'LIFE-09': { features: ['restart-policy'] },
  'TERM-06': { sources: ['api'], features: ['status'] },
  'RT-04': { features: ['host-network'] },
  'ORPH-02': {},
};

/** Why a requirement does not apply to this agent; undefined when it does. */
export function whyNotApplicable(requirement: RequirementId, run: RunStarted): string | undefined {
  const needs = single[requirement] ?? groups.find(([prefix]) => requirement.startsWith(prefix))?.[1];
  if (needs === undefined) return undefined;
  for (const source of needs.sources ?? []) {
    if (!run.sources.includes(source)) return `the agent is not given the source ${source}`;
  }
  if (needs.anySource !== undefined && !needs.anySource.some((source) => run.sources.includes(source))) {
    return `the agent is given none of the sources ${needs.anySource.join(', ')}`;
  }
  for (const feature of needs.features ?? []) {
    if (!run.features.includes(feature)) return `the agent does not declare the feature ${feature}`;
  }
  return undefined;
}
