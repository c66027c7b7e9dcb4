import type { ApiPortRequest } from '../../harness/ports/agent.js';
import { findApiResource, type ApiResource } from './api-object.js';

/** What a path of the API names. */
export interface Route {
  readonly resource: ApiResource;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

export type ApiVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

const cacheMax = 5_000;
const cache = new Map<string, Route | undefined>();

/** The route of a path without its query, or undefined when the server serves nothing there. */
export function routeOf(path: string): Route | undefined {
  if (cache.has(path)) return cache.get(path);
  const route = parse(path);
  if (cache.size >= cacheMax) cache.clear();
  cache.set(path, route);
  return route;
}

/** The Kubernetes verb of a request; a GET of a collection is a list. */
export function verbOf(request: Pick<ApiPortRequest, 'method'>, route: Route): ApiVerb {
  switch (request.method) {
    case 'GET':
      return route.name === undefined ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return 'delete';
  }
}

function parse(path: string): Route | undefined {
  const words = decode(path.split('/').filter((word) => word !== ''));
  if (words === undefined) return undefined;
  const groupVersion = takeGroupVersion(words);
  if (groupVersion === undefined) return undefined;
  let namespace: string | undefined;
  // "namespaces/x" alone is an object of the resource namespaces; with more behind it, it is a scope.
  if (words[0] === 'namespaces' && words.length > 2 && words[2] !== 'status' && words[2] !== 'finalize') {
    namespace = words[1];
    words.splice(0, 2);
  }
  const [plural, name, subresource] = words;
  if (plural === undefined || words.length > 3) return undefined;
  const resource = findApiResource(groupVersion, plural);
  if (resource === undefined) return undefined;
  // Objects and new objects of a namespaced resource have a namespace; lists may span all of them.
  if (!resource.isNamespaced && namespace !== undefined) return undefined;
  if (resource.isNamespaced && namespace === undefined && name !== undefined) return undefined;
  return {
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

function decode(words: readonly string[]): string[] | undefined {
  try {
    return words.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function takeGroupVersion(words: string[]): string | undefined {
  const root = words.shift();
  if (root === 'api') return words.shift();
  if (root === 'apis' && words.length >= 2) return words.splice(0, 2).join('/');
  return undefined;
}
