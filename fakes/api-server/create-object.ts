import {
  keyOfObject,
  namespaceResource,
  podResource,
  type ApiObject,
  type ApiResource,
} from './api-object.js';
import type { ApiStore } from './api-store.js';
import { qosClassOf } from './qos-class.js';
import type { Route } from './route.js';
import { ApiFailure, notFoundFailure } from './status-body.js';
import { isCreatedByUpdate } from './update-rules.js';
import { checkFields, objectFromBody } from './validate-object.js';

interface Creating {
  readonly store: ApiStore;
  /** The node whose credentials requests carry. */
  readonly node: string | undefined;
  /** Called for each new namespace. */
  readonly onNamespace?: ((name: string) => void) | undefined;
}

/** Stores what the body of a POST to a collection says. Throws 400, 403, 404, 409 or 422. */
export function createObject(
  { store, node, onNamespace }: Creating,
  route: Route,
  { body, query }: { readonly body?: unknown; readonly query?: Readonly<Record<string, string>> | undefined },
): ApiObject {
  const { resource } = route;
  checkFields(resource, body, query);
  const object = objectFromBody(route, withName(store, body));
  const metadata = withoutPast(object.metadata, resource === podResource);
  const fresh: ApiObject = { ...object, metadata };
  if (node !== undefined && resource === podResource) checkMirror(fresh, node);
  checkNamespace(store, resource, fresh);
  const { name } = metadata;
  if (store.get(resource, keyOfObject(resource, fresh)) !== undefined) {
    const details = { name, kind: resource.name };
    throw new ApiFailure(409, `${resource.name} "${name}" already exists`, 'AlreadyExists', details);
  }
  const created = store.create(resource, withFirstStatus(resource, fresh));
  if (resource === namespaceResource) onNamespace?.(name);
  return created;
}

/** What a PUT of an object that is not there does: of some kinds it creates them. Throws also 404. */
export function createByUpdate(
  context: Creating,
  route: Route,
  request: Parameters<typeof createObject>[2],
): ApiObject {
  const { resource, name = '', subresource } = route;
  if (subresource !== undefined || !isCreatedByUpdate(resource)) throw notFoundFailure(resource.name, name);
  const { metadata } = (request.body ?? {}) as { readonly metadata?: { readonly uid?: unknown } };
  if ((metadata?.uid ?? '') === '') return createObject(context, route, request);
  const why = `Precondition failed: UID in precondition: ${String(metadata!.uid)}, UID in object meta: `;
  const message = `Operation cannot be fulfilled on ${resource.name} "${name}": ${why}`;
  throw new ApiFailure(409, message, 'Conflict', { name, kind: resource.name });
}

type Metadata = ApiObject['metadata'];

/** What only the server can know is not the author's to say. */
function withoutPast(said: Metadata, hasGeneration: boolean): Metadata {
  const {
    uid: _uid,
    resourceVersion: _version,
    generation: _generation,
    creationTimestamp: _creation,
    deletionTimestamp: _deletion,
    deletionGracePeriodSeconds: _grace,
    ...metadata
  } = said;
  return hasGeneration ? { ...metadata, generation: 1 } : metadata;
}

function withFirstStatus(resource: ApiResource, object: ApiObject): ApiObject {
  if (resource === podResource) return { ...object, status: firstPodStatus(object) };
  if (resource === namespaceResource) return { ...object, status: { phase: 'Active' } };
  return object;
}

/** The status of a pod of which nothing has run yet. */
export function firstPodStatus(pod: ApiObject): object {
  return { phase: 'Pending', qosClass: qosClassOf(pod) };
}

const nameLetters = 'bcdfghjklmnpqrstvwxz2456789';
const nameSuffixLength = 5;

/** Completes `generateName`. Each revision is used once, so no name comes twice; neighbours look unlike. */
function withName(store: ApiStore, body: unknown): unknown {
  const { metadata, ...rest } = (body ?? {}) as { readonly metadata?: Record<string, unknown> };
  const start = metadata?.['generateName'];
  if (typeof start !== 'string' || start === '' || (metadata!['name'] ?? '') !== '') return body;
  let left = (store.revision() * 7_919) % nameLetters.length ** nameSuffixLength;
  let suffix = '';
  for (let index = 0; index < nameSuffixLength; index++) {
    suffix += nameLetters[left % nameLetters.length]!;
    left = Math.floor(left / nameLetters.length);
  }
  return { ...rest, metadata: { ...metadata, name: start + suffix } };
}

/** A store without any namespace asks for none. */
function checkNamespace(store: ApiStore, resource: ApiResource, object: ApiObject): void {
  if (!resource.isNamespaced) return;
  const { name, namespace } = object.metadata;
  const found = store.get(namespaceResource, namespace!);
  if (found === undefined) {
    if (store.list(namespaceResource).length === 0) return;
    throw notFoundFailure('namespaces', namespace!);
  }
  if (found.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw new ApiFailure(403, `${resource.name} "${name}" is forbidden: ${why}`);
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
