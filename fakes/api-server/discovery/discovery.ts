import { acceptedRanges } from '../accept.js';
import type { ApiAnswer } from '../status-body.js';
import { aggregatedDiscovery } from './aggregated-discovery.js';
import {
  apiGroups,
  categoriesOf,
  resourceVerbs,
  splitGroupVersion,
  type DiscoveredGroup,
  type DiscoveredVersion,
} from './api-groups.js';

/** What the server says of itself at this path, or undefined where it is none of these. */
export function discoveryAnswer(path: string, accept: string | undefined): ApiAnswer | undefined {
  const words = path.split('/').filter((word) => word !== '');
  const [root, ...rest] = words;
  if (root !== 'api' && root !== 'apis') return undefined;
  if (rest.length === 0) {
    const groups = apiGroups.filter((group) => (group.name === '') === (root === 'api'));
    return aggregatedDiscovery(groups, acceptedRanges(accept)) ?? plain(root, groups);
  }
  if (root === 'apis' && rest.length === 1) {
    const group = apiGroups.find(({ name }) => name === rest[0]);
    return group && { status: 200, body: { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) } };
  }
  if (rest.length !== (root === 'api' ? 1 : 2)) return undefined;
  const groupVersion = rest.join('/');
  const found = apiGroups
    .flatMap(({ versions }) => versions)
    .find((one) => one.groupVersion === groupVersion);
  return found && { status: 200, body: resourceList(found) };
}

function plain(root: 'api' | 'apis', groups: readonly DiscoveredGroup[]): ApiAnswer {
  const body =
    root === 'api'
      ? { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
      : { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupEntry) };
  return { status: 200, body };
}

function groupEntry({ name, versions }: DiscoveredGroup): object {
  const entries = versions.map(({ groupVersion, version }) => ({ groupVersion, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

function resourceList({ groupVersion, resources }: DiscoveredVersion): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: resources.flatMap((resource) => [
      {
        name: resource.name,
        singularName: resource.kind.toLowerCase(),
        namespaced: resource.isNamespaced,
        kind: resource.kind,
        verbs: resourceVerbs,
        shortNames: resource.shortNames,
        ...(categoriesOf(resource).length === 0 ? {} : { categories: categoriesOf(resource) }),
      },
      ...resource.subresources.map((subresource) => ({
        name: `${resource.name}/${subresource.name}`,
        singularName: '',
        namespaced: resource.isNamespaced,
        ...(subresource.groupVersion === groupVersion ? {} : splitGroupVersion(subresource.groupVersion)),
        kind: subresource.kind,
        verbs: subresource.verbs,
      })),
    ]),
  };
}
