import type { MediaRange } from '../accept.js';
import type { ApiAnswer } from '../status-body.js';
import { categoriesOf, resourceVerbs, splitGroupVersion, type DiscoveredGroup } from './api-groups.js';

const group = 'apidiscovery.k8s.io';
const versions = ['v2', 'v2beta1'];

/** All groups with all they have in one answer, if the client would take that; newer clients ask for it first. */
export function aggregatedDiscovery(
  groups: readonly DiscoveredGroup[],
  accepted: readonly MediaRange[],
): ApiAnswer | undefined {
  const wanted = accepted.find(
    ({ type, parameters }) =>
      type === 'application/json' &&
      parameters['as'] === 'APIGroupDiscoveryList' &&
      parameters['g'] === group &&
      versions.includes(parameters['v'] ?? ''),
  );
  if (wanted === undefined) return undefined;
  const version = wanted.parameters['v']!;
  return {
    status: 200,
    contentType: `application/json;g=${group};v=${version};as=APIGroupDiscoveryList`,
    body: {
      kind: 'APIGroupDiscoveryList',
      apiVersion: `${group}/${version}`,
      metadata: {},
      items: groups.map(itemOf),
    },
  };
}

function itemOf({ name, versions }: DiscoveredGroup): object {
  return {
    metadata: name === '' ? {} : { name },
    versions: versions.map(({ groupVersion, version, resources }) => ({
      version,
      freshness: 'Current',
      resources: resources.map((resource) => ({
        resource: resource.name,
        responseKind: { ...splitGroupVersion(groupVersion), kind: resource.kind },
        scope: resource.isNamespaced ? 'Namespaced' : 'Cluster',
        singularResource: resource.kind.toLowerCase(),
        verbs: resourceVerbs,
        shortNames: resource.shortNames,
        categories: categoriesOf(resource),
        subresources: resource.subresources.map((subresource) => ({
          subresource: subresource.name,
          responseKind: { ...splitGroupVersion(subresource.groupVersion), kind: subresource.kind },
          verbs: subresource.verbs,
        })),
      })),
    })),
  };
}
