import type { ApiPortRequest } from '../../harness/ports/agent.js';
import { nodeResource, podResource, type ApiObject } from './api-object.js';
import type { ApiStore } from './api-store.js';
import { isJsonObject, type JsonObject } from './patch/json-data.js';
import type { ApiVerb, Route } from './route.js';
import { ApiFailure } from './status-body.js';

interface Asked {
  readonly route: Route;
  readonly verb: ApiVerb;
  readonly body: ApiPortRequest['body'];
}

/** What the credentials of a node do not allow, whatever is there. Throws 403. */
export function authorizeNode(store: ApiStore, node: string, asked: Asked): void {
  const { route, verb, body } = asked;
  if (verb === 'get' || verb === 'list' || verb === 'watch') return;
  if (route.resource === podResource) checkPods(store, node, asked);
  const metadata: JsonObject = isJsonObject(body) && isJsonObject(body['metadata']) ? body['metadata'] : {};
  const name = route.name ?? metadata['name'];
  if (route.resource === nodeResource && name !== node) {
    throw forbidden(route, `node "${node}" is not allowed to modify node "${String(name ?? '')}"`);
  }
  if (route.resource.name !== 'leases') return;
  if (route.namespace !== leaseNamespace) {
    throw forbidden(route, `can only access leases in the "${leaseNamespace}" system namespace`);
  }
  if (name !== node) throw forbidden(route, 'can only access node lease with the same name as the node');
}

const leaseNamespace = 'kube-node-lease';

function checkPods(store: ApiStore, node: string, { route, verb, body }: Asked): void {
  const { name, subresource } = route;
  if (verb === 'create' && name === undefined) checkOwnerOfMirror(store, node, { route, body });
  const isOfAll = name === undefined && verb === 'delete';
  const isOfSpec = (verb === 'update' || verb === 'patch') && subresource === undefined;
  if (!isOfAll && !isOfSpec) return;
  const word = isOfAll ? 'deletecollection' : verb;
  throw forbidden(route, `User "system:node:${node}" cannot ${word} resource "pods" in API group ""`);
}

/** A mirror is its node's: it goes when the node does. */
function checkOwnerOfMirror(
  store: ApiStore,
  node: string,
  { route, body }: Pick<Asked, 'route' | 'body'>,
): void {
  const { annotations, ownerReferences } = (
    isJsonObject(body) && isJsonObject(body['metadata']) ? body['metadata'] : {}
  ) as Partial<ApiObject['metadata']>;
  if (annotations?.['kubernetes.io/config.mirror'] === undefined) return;
  const [owner, ...others]: readonly unknown[] = Array.isArray(ownerReferences) ? ownerReferences : [];
  const why = `node "${node}" can only create pods with`;
  if (others.length > 0) throw forbidden(route, `${why} a single owner reference set to itself`);
  if (!isJsonObject(owner) || owner['kind'] !== 'Node' || owner['name'] !== node) {
    throw forbidden(route, `${why} an owner reference set to itself`);
  }
  if (owner['apiVersion'] !== 'v1' || owner['controller'] !== true) {
    throw forbidden(route, `${why} a controller owner reference set to itself`);
  }
  if (owner['blockOwnerDeletion'] === true) {
    throw forbidden(route, `node "${node}" must not set blockOwnerDeletion on an owner reference`);
  }
  const uid = store.get(nodeResource, node)?.metadata.uid;
  if (owner['uid'] !== uid) {
    throw forbidden(route, `node ${node} UID mismatch: expected ${uid} got ${String(owner['uid'])}`);
  }
}

function forbidden({ resource, name }: Route, why: string): ApiFailure {
  const what = name === undefined ? '' : ` "${name}"`;
  return new ApiFailure(403, `${resource.name}${what} is forbidden: ${why}`);
}
