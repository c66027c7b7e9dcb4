import { nodeResource, objectKey, podResource, type ApiObject } from './api-object.js';
import type { ApiStore } from './api-store.js';
import type { KeyPair } from './http/create-certificates.js';
import type { Route } from './route.js';
import { ApiFailure, notFoundFailure } from './status-body.js';

/** What a node agent itself answers about a pod. */
export const streamedSubresources = ['log', 'exec', 'attach', 'portforward'] as const;
type StreamedSubresource = (typeof streamedSubresources)[number];

/** Where an agent answers, and what it is to be asked there. */
export interface AgentAddress {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** What the server shows to an agent that asks who it is. */
  readonly client?: KeyPair;
}

type Query = Readonly<Record<string, string>>;

/** The subresource, if this route is to one that agents answer. */
export function streamedSubresourceOf(route: Route | undefined): StreamedSubresource | undefined {
  if (route?.resource !== podResource) return undefined;
  return streamedSubresources.find((name) => name === route.subresource);
}

/**
 * Where the agent of the pod's node answers, in the paths of the kubelet. Throws 400 without a container that could be
 * meant, 404 without the pod, and 500 where no agent says where it is, as Kubernetes does.
 */
export function locatePod(store: ApiStore, route: Route, search: URLSearchParams): AgentAddress {
  const { namespace = 'default', name = '' } = route;
  const subresource = streamedSubresourceOf(route)!;
  const pod = store.get(podResource, objectKey(namespace, name));
  if (pod === undefined) throw notFoundFailure('pods', name);
  const { nodeName } = pod.spec as { readonly nodeName?: string };
  if (nodeName === undefined) throw new ApiFailure(400, `pod ${name} does not have a host assigned`);
  const endpoint = endpointOf(store.get(nodeResource, nodeName), nodeName);
  const container = subresource === 'portforward' ? [] : [containerOf(pod, search.get('container'))];
  const words = [kubeletWord[subresource], namespace, name, ...container].map(encodeURIComponent);
  return { ...endpoint, path: `/${words.join('/')}${queryOf(subresource, search)}` };
}

const kubeletWord: { readonly [Name in StreamedSubresource]: string } = {
  log: 'containerLogs',
  exec: 'exec',
  attach: 'attach',
  portforward: 'portForward',
};

interface NodeStatus {
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  readonly daemonEndpoints?: { readonly kubeletEndpoint?: { readonly Port?: number } };
}

/** The kinds of addresses in the order in which they are tried, the first one last. */
const addressTypes = ['Hostname', 'ExternalIP', 'InternalIP'];

function endpointOf(node: ApiObject | undefined, nodeName: string): { host: string; port: number } {
  const { addresses = [], daemonEndpoints } = (node?.status ?? {}) as NodeStatus;
  const port = daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
  const [address] = addresses.toSorted(
    (left, right) => addressTypes.indexOf(right.type) - addressTypes.indexOf(left.type),
  );
  if (port <= 0 || address === undefined) {
    const what = port <= 0 ? 'port (status.daemonEndpoints)' : 'address (status.addresses)';
    throw new ApiFailure(500, `Internal error occurred: node ${nodeName} declares no ${what} of its agent`);
  }
  return { host: address.address, port };
}

function containerOf(pod: ApiObject, asked: string | null): string {
  const spec = pod.spec as Readonly<Record<string, readonly { readonly name: string }[] | undefined>>;
  const names = (list: string): string[] => (spec[list] ?? []).map((container) => container.name);
  const regular = names('containers');
  const all = [...regular, ...names('initContainers'), ...names('ephemeralContainers')];
  const { name, annotations } = pod.metadata;
  const wanted = asked ?? annotations?.['kubectl.kubernetes.io/default-container'];
  if (wanted !== undefined && wanted !== '') {
    if (all.includes(wanted)) return wanted;
    throw new ApiFailure(400, `container ${wanted} is not valid for pod ${name}`);
  }
  if (regular.length === 1) return regular[0]!;
  throw new ApiFailure(
    400,
    `a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`,
  );
}

/** Streams have other names there. */
const renamed: Query = { stdin: 'input', stdout: 'output', stderr: 'error' };

function queryOf(subresource: StreamedSubresource, search: URLSearchParams): string {
  const result = new URLSearchParams();
  for (const [name, value] of search) {
    if (name === 'container') continue;
    if (subresource === 'log') result.append(name, value);
    else if (renamed[name] === undefined && name !== 'tty') result.append(name, value);
    else if (value === 'true' || value === '1') result.append(renamed[name] ?? name, '1');
  }
  return result.size === 0 ? '' : `?${result.toString()}`;
}
