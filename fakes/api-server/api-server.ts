import type { ApiPortRequest } from '../../harness/ports/agent.js';
import { namespaceResource, objectKey, podResource, type ApiObject } from './api-object.js';
import type { ApiStore } from './api-store.js';
import { createByUpdate, createObject } from './create-object.js';
import { deleteNamespace } from './delete-namespace.js';
import { deleteObject, deleteOptionsOf } from './delete-object.js';
import { discoveryAnswer } from './discovery/discovery.js';
import { openApiAnswer } from './discovery/openapi.js';
import { createDryStore, isDryRun } from './dry-store.js';
import { withEventVersions } from './event-versions.js';
import { createLimitedStore, type StoreLimits } from './limited-store.js';
import { listObjects, type ListResult } from './list-objects.js';
import { authorizeNode } from './node-authorizer.js';
import { routeOf, verbOf, type ApiVerb, type Route } from './route.js';
import { ApiFailure, failure, notFoundFailure, type ApiAnswer } from './status-body.js';
import { createSubresource } from './subresources.js';
import { checkFields, objectFromBody } from './validate-object.js';
import { watchObjects, type OpenWatch, type WatchSink } from './watch-objects.js';
import { patched, replaceObject } from './write-object.js';

export interface ApiServerOptions {
  readonly store: ApiStore;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  /** The node whose credentials requests carry: it may write no other node's pods, and create only mirrors. */
  readonly node?: string;
  /** Called for each namespace that somebody creates, so that what belongs in it can be put there. */
  readonly onNamespace?: (name: string) => void;
  readonly limits?: StoreLimits;
}

/** An answer; for lists also what they show. */
export interface Handled {
  readonly answer: ApiAnswer;
  readonly list?: ListResult;
}

/** The API server without a transport: the semantics of the Kubernetes API for what node agents need. */
export interface ApiServer {
  /** `staleRevision`: a list may show data that old, where its query allows it. */
  handle(request: ApiPortRequest, options?: { readonly staleRevision?: number | undefined }): Handled;
  /** An open watch, or the refusal. */
  watch(
    request: Pick<ApiPortRequest, 'path' | 'query'>,
    sink: WatchSink,
  ): { readonly open: OpenWatch } | { readonly refused: ApiAnswer };
}

const noQuery: Readonly<Record<string, string>> = {};

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { wallClock, node, onNamespace, limits } = options;
  const store = createLimitedStore(options.store, limits);
  const context = { store, limits, wallClock, node, onNamespace };
  return withEventVersions({
    handle(request, options) {
      try {
        const route = routeOf(request.path);
        if (route === undefined) return { answer: withoutRoute(request) };
        if (verbOf(request, route) === 'list') {
          const query = request.query ?? noQuery;
          const list = listObjects(store, { route, query, staleRevision: options?.staleRevision });
          return { answer: list.answer, list };
        }
        return { answer: single(context, route, request) };
      } catch (error) {
        return { answer: answerOf(error) };
      }
    },
    watch(request, sink) {
      try {
        const route = routeOf(request.path);
        if (route === undefined) return { refused: unknownPath };
        return { open: watchObjects(store, { route, query: request.query ?? noQuery }, sink) };
      } catch (error) {
        return { refused: answerOf(error) };
      }
    },
  });
}

interface Context {
  readonly store: ApiStore;
  readonly limits: StoreLimits | undefined;
  readonly wallClock: () => number;
  readonly node: string | undefined;
  readonly onNamespace: ((name: string) => void) | undefined;
}

const unknownPath = failure(404, 'the server could not find the requested resource');

function answerOf(error: unknown): ApiAnswer {
  if (error instanceof ApiFailure) return error.answer;
  throw error;
}

/** Paths that are not resources: health, and what the server says of itself. */
function withoutRoute({ method, path, accept }: ApiPortRequest): ApiAnswer {
  if (method !== 'GET') return unknownPath;
  switch (path) {
    case '/healthz':
    case '/livez':
    case '/readyz':
      return { status: 200, body: 'ok' };
    case '/version':
      return { status: 200, body: versionInfo };
    default:
      return discoveryAnswer(path, accept) ?? openApiAnswer(path) ?? unknownPath;
  }
}

const versionInfo = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0',
  gitCommit: '',
  gitTreeState: '',
  buildDate: '',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
};

/** Requests about objects, other than to list and watch them. */
function single(given: Context, route: Route, request: ApiPortRequest): ApiAnswer {
  // What one dry run would write is nothing to the next.
  const dry = (): ApiStore => createLimitedStore(createDryStore(given.store), given.limits);
  const context = isDryRun(request.query) ? { ...given, store: dry() } : given;
  const verb = verbOf(request, route);
  checkSubresource(route, verb);
  if (route.name === undefined) checkCollection(route, verb);
  if (given.node !== undefined) authorizeNode(given.store, given.node, { route, verb, body: request.body });
  if (route.name === undefined) return onCollection(context, route, request);
  const object = context.store.get(route.resource, objectKey(route.namespace, route.name));
  if (object === undefined) {
    if (verb !== 'update') throw notFoundFailure(route.resource.name, route.name);
    return { status: 201, body: createByUpdate(context, route, request) };
  }
  switch (verb) {
    case 'get':
      return { status: 200, body: object };
    case 'create':
      if (route.subresource === undefined)
        throw new ApiFailure(405, 'objects are created in their collection');
      checkBinding(context, route);
      checkOwner(context, route, object);
      return createSubresource(context, route.subresource, { object, body: request.body });
    case 'update':
    case 'patch': {
      checkOwner(context, route, object);
      const wanted =
        verb === 'patch' ? patched(route.resource, object, request) : objectFromBody(route, request.body);
      checkFields(route.resource, wanted, request.query);
      return { status: 200, body: replaceObject(context, route, { object, wanted }) };
    }
    case 'delete':
      checkOwner(context, route, object);
      return { status: 200, body: remove(context, route, { object, request }) };
    default:
      throw notAllowed;
  }
}

const notAllowed = new ApiFailure(405, 'the server does not allow this method on the requested resource');

function onCollection(context: Context, route: Route, request: ApiPortRequest): ApiAnswer {
  switch (verbOf(request, route)) {
    case 'create':
      return { status: 201, body: createObject(context, route, request) };
    case 'delete': {
      const list = listObjects(context.store, { route, query: request.query ?? noQuery });
      for (const object of list.items) checkOwner(context, route, object);
      for (const object of list.items) remove(context, route, { object, request });
      return list.answer;
    }
    default:
      throw notAllowed;
  }
}

function remove(
  context: Context,
  { resource }: Route,
  { object, request }: { readonly object: ApiObject; readonly request: ApiPortRequest },
): ApiObject {
  const options = deleteOptionsOf(request.body, request.query);
  if (resource === namespaceResource && !isDryRun(request.query)) return deleteNamespace(context, object);
  return deleteObject(context, resource, object, options);
}

const verbsOfSubresources: { readonly [verb: string]: string } = { watch: 'get', list: 'get' };

function checkSubresource({ resource, subresource }: Route, verb: ApiVerb): void {
  if (subresource === undefined) return;
  const known = resource.subresources.find(({ name }) => name === subresource);
  if (known === undefined) throw new ApiFailure(404, 'the server could not find the requested resource');
  if (!known.verbs.includes(verbsOfSubresources[verb] ?? verb)) throw notAllowed;
}

/** All namespaces together are only looked at, and namespaces go one by one. */
function checkCollection({ resource, namespace }: Route, verb: ApiVerb): void {
  const spansNamespaces = resource.isNamespaced && namespace === undefined;
  if (spansNamespaces || (verb === 'delete' && resource === namespaceResource)) throw notAllowed;
}

function checkBinding({ node }: Context, { subresource, name }: Route): void {
  if (node === undefined || subresource !== 'binding') return;
  throw new ApiFailure(403, `pods "${name}" is forbidden: node "${node}" cannot bind pods`);
}

function checkOwner({ node }: Context, { resource }: Route, object: ApiObject): void {
  if (node === undefined || resource !== podResource) return;
  if ((object.spec as { nodeName?: string }).nodeName === node) return;
  const name = object.metadata.name;
  throw new ApiFailure(
    403,
    `pods "${name}" is forbidden: node "${node}" can only change pods bound to itself`,
  );
}
