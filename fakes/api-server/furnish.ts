import {
  findApiResource,
  namespaceResource,
  objectKey,
  serviceAccountResource,
  type ApiObject,
  type ApiResource,
} from './api-object.js';
import type { ApiStore } from './api-store.js';

interface Furniture {
  /** Namespaces beyond those that every cluster has. */
  readonly namespaces: readonly string[];
  /** PEM: what pods trust the server by. */
  readonly authority: string;
}

const everywhere = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Puts into the store what clients expect of a cluster: namespaces, and in each what pods mount by default. */
export function furnish(store: ApiStore, { namespaces, authority }: Furniture): void {
  for (const name of new Set([...everywhere, ...namespaces])) furnishNamespace(store, name, authority);
  add(store, findApiResource('v1', 'services')!, {
    metadata: { name: 'kubernetes', namespace: 'default' },
    spec: { type: 'ClusterIP', clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'], ports: [apiPort] },
    status: { loadBalancer: {} },
  });
}

const apiPort = { name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 };

function furnishNamespace(store: ApiStore, name: string, authority: string): void {
  add(store, namespaceResource, {
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
  furnishContents(store, name, authority);
}

/** What appears in every namespace by itself. */
export function furnishContents(store: ApiStore, namespace: string, authority: string): void {
  add(store, serviceAccountResource, { metadata: { name: 'default', namespace } });
  add(store, findApiResource('v1', 'configmaps')!, {
    metadata: { name: 'kube-root-ca.crt', namespace },
    data: { 'ca.crt': authority },
  });
}

type Parts = Pick<ApiObject, 'metadata' | 'spec' | 'status'> & { readonly data?: unknown };

function add(store: ApiStore, resource: ApiResource, parts: Parts): void {
  const { namespace, name } = parts.metadata;
  if (store.get(resource, objectKey(resource.isNamespaced ? namespace : undefined, name)) !== undefined)
    return;
  store.create(resource, { apiVersion: resource.groupVersion, kind: resource.kind, ...parts });
}
