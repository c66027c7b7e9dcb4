import type { ApiPortRequest } from '../../harness/ports/agent.js';
import { keyOfObject, objectKey, podResource, type ApiObject } from './api-object.js';
import type { ApiStore } from './api-store.js';
import { deleteObject, deleteOptionsOf } from './delete-object.js';
import { listObjects, type ListResult } from './list-objects.js';
import { routeOf, verbOf, type Route } from './route.js';
import { ApiFailure, failure, notFoundFailure, type ApiAnswer } from './status-body.js';
import { objectFromBody } from './validate-object.js';
import { watchObjects, type OpenWatch, type WatchSink } from './watch-objects.js';
import { patched, replaceObject } from './write-object.js';

export interface ApiServerOptions {
  readonly store: ApiStore;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  /** The node whose credentials requests carry: it may write no other node's pods, and create only mirrors. */
  readonly node?: string;
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

export function createApiServer({ store, wallClock, node }: ApiServerOptions): ApiServer {
  return {
    handle(request, options) {
      try {
        const route = routeOf(request.path);
        if (route === undefined) return { answer: withoutRoute(request) };
        if (verbOf(request, route) === 'list') {
          const query = request.query ?? noQuery;
          const list = listObjects(store, { route, query, staleRevision: options?.staleRevision });
          return { answer: list.answer, list };
        }
        return { answer: single({ store, wallClock, node }, route, request) };
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
  };
}

interface Context {
  readonly store: ApiStore;
  readonly wallClock: () => number;
  readonly node: string | undefined;
}

const unknownPath = failure(404, 'the server could not find the requested resource');

function answerOf(error: unknown): ApiAnswer {
  if (error instanceof ApiFailure) return error.answer;
  throw error;
}

/** The few paths that are not resources. */
function withoutRoute({ method, path }: ApiPortRequest): ApiAnswer {
  if (method !== 'GET') return unknownPath;
  switch (path) {
    case '/healthz':
    case '/livez':
    case '/readyz':
      return { status: 200, body: 'ok' };
    case '/version':
      return {
        status: 200,
        body: { major: '1', minor: '36', gitVersion: 'v1.36.0', platform: 'linux/amd64' },
      };
    case '/api':
      return { status: 200, body: { kind: 'APIVersions', versions: ['v1'] } };
    default:
      return unknownPath;
  }
}

/** Requests about one object. */
function single(context: Context, route: Route, request: ApiPortRequest): ApiAnswer {
  const { store } = context;
  const verb = verbOf(request, route);
  checkSubresource(route);
  if (verb === 'create') {
    if (route.name !== undefined) throw new ApiFailure(405, 'objects are created in their collection');
    return { status: 201, body: create(context, route, request.body) };
  }
  if (route.name === undefined) throw new ApiFailure(405, `${verb} needs the name of an object`);
  const object = store.get(route.resource, objectKey(route.namespace, route.name));
  if (object === undefined) throw notFoundFailure(route.resource.name, route.name);
  switch (verb) {
    case 'get':
      return { status: 200, body: object };
    case 'update':
    case 'patch': {
      checkOwner(context, route, object);
      const wanted = verb === 'patch' ? patched(object, request) : objectFromBody(route, request.body);
      return { status: 200, body: replaceObject(store, route, { object, wanted }) };
    }
    case 'delete': {
      if (route.subresource !== undefined) throw new ApiFailure(405, 'a subresource cannot be deleted');
      checkOwner(context, route, object);
      const options = deleteOptionsOf(request.body, request.query);
      return { status: 200, body: deleteObject(context, route.resource, object, options) };
    }
    default:
      throw new ApiFailure(405, `the server does not allow this method on the requested resource`);
  }
}

function checkSubresource({ resource, subresource }: Route): void {
  if (subresource === undefined || (subresource === 'status' && resource.hasStatus)) return;
  throw new ApiFailure(404, 'the server could not find the requested resource');
}

function create({ store, node }: Context, route: Route, body: unknown): ApiObject {
  const { resource } = route;
  const object = objectFromBody(route, body);
  const { uid: _uid, resourceVersion: _version, deletionTimestamp: _deletion, ...metadata } = object.metadata;
  const fresh: ApiObject = { ...object, metadata };
  if (node !== undefined && resource === podResource) checkMirror(fresh, node);
  const key = keyOfObject(resource, fresh);
  if (store.get(resource, key) !== undefined) {
    throw new ApiFailure(409, `${resource.name} "${metadata.name}" already exists`, 'AlreadyExists');
  }
  return store.create(
    resource,
    resource === podResource && fresh.status === undefined
      ? { ...fresh, status: { phase: 'Pending' } }
      : fresh,
  );
}

function checkMirror(pod: ApiObject, node: string): void {
  const forbidden = (why: string): ApiFailure =>
    new ApiFailure(403, `pods "${pod.metadata.name}" is forbidden: ${why}`);
  if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] === undefined) {
    throw forbidden(`node "${node}" can only create mirror pods`);
  }
  if ((pod.spec as { nodeName?: string }).nodeName !== node) {
    throw forbidden(`node "${node}" can only create pods with spec.nodeName set to itself`);
  }
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
