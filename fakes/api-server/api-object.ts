import type { PodMetadata } from '../../harness/spec/pod.js';

/** Any object that the server keeps. Objects are immutable: a change makes a new one that shares the rest. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: PodMetadata & { readonly generateName?: string };
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** What is reached behind the path of an object. */
export interface ApiSubresource {
  readonly name: string;
  /** Of what is sent and answered: group, version and kind. */
  readonly groupVersion: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** One kind of object as the server's paths name it. */
export interface ApiResource {
  /** The plural of the paths. */
  readonly name: string;
  readonly groupVersion: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  /** Spec and status are written through different paths. */
  readonly hasStatus: boolean;
  /** Other names that people type. */
  readonly shortNames: readonly string[];
  readonly subresources: readonly ApiSubresource[];
}

interface ResourceParts {
  readonly isCluster?: true;
  readonly hasStatus?: true;
  readonly shortNames?: readonly string[];
  readonly subresources?: readonly ApiSubresource[];
}

function resource(groupVersion: string, name: string, kind: string, parts: ResourceParts = {}): ApiResource {
  const status = { name: 'status', groupVersion, kind, verbs: ['get', 'patch', 'update'] };
  return {
    name,
    groupVersion,
    kind,
    isNamespaced: parts.isCluster !== true,
    hasStatus: parts.hasStatus === true,
    shortNames: parts.shortNames ?? [],
    subresources: [...(parts.hasStatus === true ? [status] : []), ...(parts.subresources ?? [])],
  };
}

function stream(name: string, kind: string): ApiSubresource {
  return { name, groupVersion: 'v1', kind, verbs: ['create', 'get'] };
}

const podSubresources: readonly ApiSubresource[] = [
  { name: 'binding', groupVersion: 'v1', kind: 'Binding', verbs: ['create'] },
  { name: 'eviction', groupVersion: 'policy/v1', kind: 'Eviction', verbs: ['create'] },
  { name: 'log', groupVersion: 'v1', kind: 'Pod', verbs: ['get'] },
  stream('attach', 'PodAttachOptions'),
  stream('exec', 'PodExecOptions'),
  stream('portforward', 'PodPortForwardOptions'),
];
const token: ApiSubresource = {
  name: 'token',
  groupVersion: 'authentication.k8s.io/v1',
  kind: 'TokenRequest',
  verbs: ['create'],
};

/** What node agents and the people behind them read and write at an API server. */
export const apiResources: readonly ApiResource[] = [
  resource('v1', 'pods', 'Pod', { hasStatus: true, shortNames: ['po'], subresources: podSubresources }),
  resource('v1', 'nodes', 'Node', { isCluster: true, hasStatus: true, shortNames: ['no'] }),
  resource('v1', 'events', 'Event', { shortNames: ['ev'] }),
  resource('v1', 'services', 'Service', { hasStatus: true, shortNames: ['svc'] }),
  resource('v1', 'configmaps', 'ConfigMap', { shortNames: ['cm'] }),
  resource('v1', 'secrets', 'Secret'),
  resource('v1', 'serviceaccounts', 'ServiceAccount', { shortNames: ['sa'], subresources: [token] }),
  resource('v1', 'namespaces', 'Namespace', { isCluster: true, hasStatus: true, shortNames: ['ns'] }),
  resource('coordination.k8s.io/v1', 'leases', 'Lease'),
  resource('events.k8s.io/v1', 'events', 'Event', { shortNames: ['ev'] }),
  resource('node.k8s.io/v1', 'runtimeclasses', 'RuntimeClass', { isCluster: true }),
  resource('storage.k8s.io/v1', 'csinodes', 'CSINode', { isCluster: true }),
  resource('storage.k8s.io/v1', 'csidrivers', 'CSIDriver', { isCluster: true }),
];

const byPath = new Map(apiResources.map((entry) => [`${entry.groupVersion}/${entry.name}`, entry]));

/** The resource of this group, version and plural, or undefined when the server has none. */
export function findApiResource(groupVersion: string, name: string): ApiResource | undefined {
  return byPath.get(`${groupVersion}/${name}`);
}

export const podResource = findApiResource('v1', 'pods')!;
export const nodeResource = findApiResource('v1', 'nodes')!;
export const namespaceResource = findApiResource('v1', 'namespaces')!;
export const secretResource = findApiResource('v1', 'secrets')!;
export const serviceAccountResource = findApiResource('v1', 'serviceaccounts')!;

/** How the store names an object within its resource. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function keyOfObject(resource: ApiResource, object: ApiObject): string {
  return objectKey(resource.isNamespaced ? object.metadata.namespace : undefined, object.metadata.name);
}
