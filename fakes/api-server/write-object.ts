import { isDeepStrictEqual } from 'node:util';
import type { ApiPortRequest } from '../../harness/ports/agent.js';
import { keyOfObject, podResource, type ApiObject, type ApiResource } from './api-object.js';
import type { ApiStore } from './api-store.js';
import { defaultPod } from './default-pod.js';
import { conflict } from './delete-object.js';
import { isJsonObject, type JsonObject } from './patch/json-data.js';
import { jsonPatch } from './patch/json-patch.js';
import { mergePatch } from './patch/merge-patch.js';
import { strategicMergePatch } from './patch/strategic-merge-patch.js';
import type { Route } from './route.js';
import { ApiFailure } from './status-body.js';
import { checkTypes } from './types/check-types.js';
import { shareEqual, updateMetadata } from './update-metadata.js';
import { needsVersion } from './update-rules.js';
import { checkIdentity, objectFromBody } from './validate-object.js';

const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** Media types of patches, as in the Content-Type of a PATCH. */
export const patchTypes = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
} as const;

/** The object that a PATCH makes of `object`, all of it of the right types. Throws 400, 415 or 422. */
export function patched(resource: ApiResource, object: ApiObject, request: ApiPortRequest): JsonObject {
  return checkTypes(resource, patchedAsAsked(object, request), 'patch', object as unknown as JsonObject);
}

function patchedAsAsked(object: ApiObject, request: ApiPortRequest): unknown {
  const mediaType = (request.contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
  switch (mediaType) {
    case patchTypes.strategic:
      return strategicMergePatch(object.kind, object as unknown as JsonObject, request.body);
    case patchTypes.merge:
      if (!isJsonObject(request.body)) throw new ApiFailure(400, 'a merge patch is an object');
      return mergePatch(object, request.body);
    case patchTypes.json:
      return jsonPatch(object, request.body);
    default:
      throw new ApiFailure(415, `the body of the request was in an unknown format: ${mediaType}`);
  }
}

interface Writing {
  readonly store: ApiStore;
  /** The node whose credentials requests carry. */
  readonly node: string | undefined;
}

/**
 * Stores what an update or a patch asks for: through the status path the status counts and the metadata, through the
 * other one everything but the status. A write that changes nothing makes no new version.
 */
export function replaceObject(
  { store, node }: Writing,
  route: Route,
  change: { readonly object: ApiObject; readonly wanted: JsonObject | ApiObject },
): ApiObject {
  const { resource } = route;
  const { object } = change;
  const wanted = change.wanted as JsonObject;
  const asked = metadataIn(wanted);
  if (asked['uid'] !== undefined && asked['uid'] !== object.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${String(asked['uid'])}, UID in object meta: ${object.metadata.uid}`;
    throw conflict(resource, object, why);
  }
  const version = asked['resourceVersion'];
  if (version !== undefined && version !== '' && version !== object.metadata.resourceVersion) {
    const why = 'the object has been modified; please apply your changes to the latest version and try again';
    throw conflict(resource, object, why);
  }
  if ((version ?? '') === '' && needsVersion(resource)) {
    const why = 'metadata.resourceVersion: Invalid value: 0: must be specified for an update';
    throw new ApiFailure(422, `${resource.name} "${object.metadata.name}" is invalid: ${why}`);
  }
  const isStatus = route.subresource === 'status';
  const next = isStatus ? withStatus(route, object, wanted) : exceptStatus(route, object, wanted);
  if (resource === podResource) checkPodMetadata(object, next, isStatus ? node : undefined);
  if (isDeepStrictEqual(next, object)) return object;
  if (isFinalized(next)) return store.remove(resource, keyOfObject(resource, object));
  return store.put(resource, next);
}

function metadataIn(wanted: JsonObject): JsonObject {
  return isJsonObject(wanted['metadata']) ? wanted['metadata'] : {};
}

/** Labels and annotations come along with a status: agents mark their nodes so. */
function withStatus(route: Route, object: ApiObject, wanted: JsonObject): ApiObject {
  checkIdentity({ ...route, name: object.metadata.name }, wanted);
  const isPod = route.resource === podResource;
  const metadata = updateMetadata(object, metadataIn(wanted), isPod ? ['ownerReferences'] : []);
  const { qosClass } = (object.status ?? {}) as { readonly qosClass?: string };
  const said = wanted['status'] ?? (object.status === undefined ? undefined : {});
  // It is made once, from the spec, and agents may leave it out.
  const status = isPod && qosClass !== undefined ? { qosClass, ...(said as object) } : said;
  return shareEqual({ ...object, metadata, ...(status === undefined ? {} : { status }) }, object);
}

function exceptStatus(route: Route, object: ApiObject, wanted: JsonObject): ApiObject {
  const { resource } = route;
  const { status, ...fields } = objectFromBody({ ...route, name: object.metadata.name }, wanted);
  const isPod = resource === podResource;
  if (isPod) checkPodSpec(object, fields);
  const metadata = updateMetadata(object, metadataIn(wanted));
  const keptStatus = resource.hasStatus ? object.status : status;
  const next = shareEqual(
    { ...fields, metadata, ...(keptStatus === undefined ? {} : { status: keptStatus }) },
    object,
  );
  if (!isPod || next.spec === object.spec || metadata.generation === undefined) return next;
  return { ...next, metadata: { ...metadata, generation: metadata.generation + 1 } };
}

/** `node`: who writes, when it is one that may not change labels this way. */
function checkPodMetadata(object: ApiObject, next: ApiObject, node: string | undefined): void {
  const { name, annotations, labels } = next.metadata;
  if (node !== undefined && labels !== object.metadata.labels) {
    const why = `node "${node}" cannot update labels through pod status`;
    throw new ApiFailure(403, `pods "${name}" is forbidden: ${why}`);
  }
  if (annotations?.[mirrorAnnotation] === object.metadata.annotations?.[mirrorAnnotation]) return;
  const why = `metadata.annotations[${mirrorAnnotation}]: Invalid value: may not be set or changed`;
  throw new ApiFailure(422, `Pod "${name}" is invalid: ${why}`);
}

const changeableWords =
  'spec.containers[*].image, spec.initContainers[*].image, spec.activeDeadlineSeconds or spec.tolerations';

/** Of a pod that is there, little more than the images may change. */
function checkPodSpec(object: ApiObject, next: ApiObject): void {
  if (isDeepStrictEqual(fixedPart(defaultPod(object).spec), fixedPart(next.spec))) return;
  const why = `pod updates may not change fields other than ${changeableWords}`;
  throw new ApiFailure(422, `Pod "${object.metadata.name}" is invalid: spec: Forbidden: ${why}`);
}

function fixedPart(spec: unknown): object {
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, ...rest } = spec as JsonObject;
  const withoutImages = (list: unknown): unknown =>
    Array.isArray(list) ? list.map((container: JsonObject) => ({ ...container, image: '' })) : list;
  return {
    ...rest,
    containers: withoutImages(rest['containers']),
    initContainers: withoutImages(rest['initContainers']),
    // Those come and go through a path of their own.
    ephemeralContainers: undefined,
  };
}

/** Its deletion waited for finalizers, and the last of them is gone. */
function isFinalized({ metadata }: ApiObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    (metadata.finalizers ?? []).length === 0
  );
}
