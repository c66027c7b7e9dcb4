import type { PodMetadata } from '../../harness/spec/pod.js';

/** Any object that the server keeps. Objects are immutable: a change makes a new one that shares the rest. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: PodMetadata & { readonly generateName?: string };
  readonly spec?: unknown;
  readonly status?: unknown;
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
}

function resource(
  groupVersion: string,
  name: string,
  kind: string,
  scope: 'namespaced' | 'cluster',
  status: 'status' | 'noStatus' = 'noStatus',
): ApiResource {
  return { name, groupVersion, kind, isNamespaced: scope === 'namespaced', hasStatus: status === 'status' };
}

/** What node agents read and write at an API server. */
export const apiResources: readonly ApiResource[] = [
  resource('v1', 'pods', 'Pod', 'namespaced', 'status'),
  resource('v1', 'nodes', 'Node', 'cluster', 'status'),
  resource('v1', 'events', 'Event', 'namespaced'),
  resource('v1', 'services', 'Service', 'namespaced', 'status'),
  resource('v1', 'configmaps', 'ConfigMap', 'namespaced'),
  resource('v1', 'secrets', 'Secret', 'namespaced'),
  resource('v1', 'serviceaccounts', 'ServiceAccount', 'namespaced'),
  resource('v1', 'namespaces', 'Namespace', 'cluster', 'status'),
  resource('coordination.k8s.io/v1', 'leases', 'Lease', 'namespaced'),
  resource('events.k8s.io/v1', 'events', 'Event', 'namespaced'),
  resource('node.k8s.io/v1', 'runtimeclasses', 'RuntimeClass', 'cluster'),
  resource('storage.k8s.io/v1', 'csinodes', 'CSINode', 'cluster'),
  resource('storage.k8s.io/v1', 'csidrivers', 'CSIDriver', 'cluster'),
];

const byPath = new Map(apiResources.map((entry) => [`${entry.groupVersion}/${entry.name}`, entry]));

/** The resource of this group, version and plural, or undefined when the server has none. */
export function findApiResource(groupVersion: string, name: string): ApiResource | undefined {
  return byPath.get(`${groupVersion}/${name}`);
}

export const podResource = findApiResource('v1', 'pods')!;
export const nodeResource = findApiResource('v1', 'nodes')!;

/** How the store names an object within its resource. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function keyOfObject(resource: ApiResource, object: ApiObject): string {
  return objectKey(resource.isNamespaced ? object.metadata.namespace : undefined, object.metadata.name);
}
