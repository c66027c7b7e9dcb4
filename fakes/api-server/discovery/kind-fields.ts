import type { ApiResource } from '../api-object.js';
import { apiGroups } from './api-groups.js';

/** A field of a kind as far as the server says what is in it: `object` and `list` are open. */
export type FieldType = 'string' | 'boolean' | 'integer' | 'object' | 'list' | 'strings';

type Fields = { readonly [name: string]: FieldType };

const specAndStatus: Fields = { spec: 'object', status: 'object' };

const own: { readonly [groupVersionKind: string]: Fields } = {
  'v1/Pod': specAndStatus,
  'v1/Node': specAndStatus,
  'v1/Service': specAndStatus,
  'v1/Namespace': specAndStatus,
  'v1/ConfigMap': { data: 'strings', binaryData: 'strings', immutable: 'boolean' },
  'v1/Secret': { data: 'strings', stringData: 'strings', type: 'string', immutable: 'boolean' },
  'v1/ServiceAccount': { secrets: 'list', imagePullSecrets: 'list', automountServiceAccountToken: 'boolean' },
  'v1/Event': {
    involvedObject: 'object',
    reason: 'string',
    message: 'string',
    source: 'object',
    firstTimestamp: 'string',
    lastTimestamp: 'string',
    count: 'integer',
    type: 'string',
    eventTime: 'string',
    series: 'object',
    action: 'string',
    related: 'object',
    reportingComponent: 'string',
    reportingInstance: 'string',
  },
  'events.k8s.io/v1/Event': {
    eventTime: 'string',
    series: 'object',
    reportingController: 'string',
    reportingInstance: 'string',
    action: 'string',
    reason: 'string',
    regarding: 'object',
    related: 'object',
    note: 'string',
    type: 'string',
    deprecatedSource: 'object',
    deprecatedFirstTimestamp: 'string',
    deprecatedLastTimestamp: 'string',
    deprecatedCount: 'integer',
  },
  'coordination.k8s.io/v1/Lease': { spec: 'object' },
  'node.k8s.io/v1/RuntimeClass': { handler: 'string', overhead: 'object', scheduling: 'object' },
  'storage.k8s.io/v1/CSINode': { spec: 'object' },
  'storage.k8s.io/v1/CSIDriver': { spec: 'object' },
};

const common: Fields = { apiVersion: 'string', kind: 'string', metadata: 'object' };

/** The fields that objects of this kind have at their top, all of them. */
export function fieldsOf({ groupVersion, kind }: Pick<ApiResource, 'groupVersion' | 'kind'>): Fields {
  return { ...common, ...own[`${groupVersion}/${kind}`] };
}

/** Each kind once, with the name that its definition has in an OpenAPI document. */
export const definedKinds: readonly { readonly resource: ApiResource; readonly definition: string }[] =
  apiGroups
    .flatMap(({ versions }) => versions)
    .flatMap(({ resources }) => resources)
    .map((resource) => ({ resource, definition: definitionName(resource) }));

/** For example `io.k8s.api.core.v1.Pod`, as clients of Kubernetes know it. */
function definitionName({ groupVersion, kind }: ApiResource): string {
  const [first = '', second] = groupVersion.split('/');
  const group = second === undefined ? 'core' : first.split('.')[0]!;
  return `io.k8s.api.${group}.${second ?? first}.${kind}`;
}
