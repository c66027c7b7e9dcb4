import { apiResources, type ApiResource } from '../api-object.js';

/** What clients do with every resource. */
export const resourceVerbs: readonly string[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** A group and its versions; the group of the oldest resources has no name. */
export interface DiscoveredGroup {
  readonly name: string;
  readonly versions: readonly DiscoveredVersion[];
}

export interface DiscoveredVersion {
  readonly groupVersion: string;
  readonly version: string;
  readonly resources: readonly ApiResource[];
}

/** The groups in the order of their first resource. */
export const apiGroups: readonly DiscoveredGroup[] = collectGroups();

function collectGroups(): DiscoveredGroup[] {
  const groups = new Map<string, Map<string, ApiResource[]>>();
  for (const resource of apiResources) {
    const { group } = splitGroupVersion(resource.groupVersion);
    const versions = groups.get(group) ?? new Map<string, ApiResource[]>();
    groups.set(group, versions);
    const resources = versions.get(resource.groupVersion) ?? [];
    versions.set(resource.groupVersion, resources);
    resources.push(resource);
  }
  return [...groups].map(([name, versions]) => ({
    name,
    versions: [...versions].map(([groupVersion, resources]) => ({
      groupVersion,
      version: splitGroupVersion(groupVersion).version,
      resources,
    })),
  }));
}

export function splitGroupVersion(groupVersion: string): {
  readonly group: string;
  readonly version: string;
} {
  const [first = '', second] = groupVersion.split('/');
  return second === undefined ? { group: '', version: first } : { group: first, version: second };
}

/** What people mean by `all`. */
export function categoriesOf({ groupVersion, name }: ApiResource): readonly string[] {
  return groupVersion === 'v1' && (name === 'pods' || name === 'services') ? ['all'] : [];
}
