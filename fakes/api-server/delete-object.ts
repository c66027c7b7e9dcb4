import { isJsonObject, type JsonObject } from './patch/json-data.js';
import { keyOfObject, podResource, type ApiObject, type ApiResource } from './api-object.js';
import { timestampOf, type ApiStore } from './api-store.js';
import { ApiFailure } from './status-body.js';

/** DeleteOptions as far as the server heeds them. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

const graceDefaultS = 30;

/** The options in the body of a DELETE and in its query, which counts for less. */
export function deleteOptionsOf(
  body: unknown,
  query: Readonly<Record<string, string>> | undefined,
): DeleteOptions {
  if (body !== undefined && body !== null && !isJsonObject(body)) {
    throw new ApiFailure(400, 'DeleteOptions are an object');
  }
  const options: JsonObject = isJsonObject(body) ? body : {};
  const graceText = query?.['gracePeriodSeconds'];
  const grace = options['gracePeriodSeconds'] ?? (graceText === undefined ? undefined : Number(graceText));
  if (grace !== undefined && grace !== null && !Number.isInteger(grace)) {
    throw new ApiFailure(400, 'gracePeriodSeconds is no whole number');
  }
  const preconditions = options['preconditions'];
  return {
    ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
    ...(isJsonObject(preconditions)
      ? { preconditions: preconditions as NonNullable<DeleteOptions['preconditions']> }
      : {}),
  };
}

/**
 * Deletes as the Kubernetes API does. A pod that is bound to a node and not finished stays, with a
 * deletionTimestamp, until its agent deletes it with grace 0; a grace period only ever gets shorter. Answers
 * the object as it is then, or as it was last.
 */
export function deleteObject(
  { store, wallClock }: { readonly store: ApiStore; readonly wallClock: () => number },
  resource: ApiResource,
  object: ApiObject,
  options: DeleteOptions,
): ApiObject {
  checkPreconditions(resource, object, options);
  const { metadata } = object;
  const graceS = resource === podResource ? podGraceS(object, options.gracePeriodSeconds) : 0;
  if (graceS === 0 && (metadata.finalizers ?? []).length === 0) {
    return store.remove(resource, keyOfObject(resource, object));
  }
  const earlierS = metadata.deletionGracePeriodSeconds;
  if (metadata.deletionTimestamp !== undefined && earlierS !== undefined && graceS >= earlierS) return object;
  const nowMs = wallClock();
  // A second deletion shortens the period counted from the first.
  const beganMs =
    metadata.deletionTimestamp === undefined || earlierS === undefined
      ? nowMs
      : Date.parse(metadata.deletionTimestamp) - earlierS * 1000;
  return store.put(resource, {
    ...object,
    metadata: {
      ...metadata,
      deletionTimestamp: timestampOf(Math.max(nowMs, beganMs + graceS * 1000)),
      deletionGracePeriodSeconds: graceS,
      ...(metadata.generation === undefined ? {} : { generation: metadata.generation + 1 }),
    },
  });
}

/** The grace period of this deletion in whole seconds. Nothing runs of a pod without a node, or of a finished one. */
function podGraceS(object: ApiObject, asked: number | undefined): number {
  const spec = object.spec as { nodeName?: string; terminationGracePeriodSeconds?: number };
  const phase = (object.status as { phase?: string } | undefined)?.phase;
  if (spec.nodeName === undefined || phase === 'Succeeded' || phase === 'Failed') return 0;
  const grace =
    asked ??
    object.metadata.deletionGracePeriodSeconds ??
    spec.terminationGracePeriodSeconds ??
    graceDefaultS;
  // A negative period means the shortest one that is still graceful.
  return grace < 0 ? 1 : grace;
}

function checkPreconditions(resource: ApiResource, object: ApiObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { metadata } = object;
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      resource,
      object,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      resource,
      object,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`,
    );
  }
}

/** The 409 of a write that is based on another state than the present. */
export function conflict(resource: ApiResource, object: ApiObject, why: string): ApiFailure {
  const { name } = object.metadata;
  const message = `Operation cannot be fulfilled on ${resource.name} "${name}": ${why}`;
  return new ApiFailure(409, message, 'Conflict', { name, kind: resource.name });
}
