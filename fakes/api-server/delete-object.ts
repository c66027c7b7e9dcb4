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

interface Deleting {
  readonly store: ApiStore;
  readonly wallClock: () => number;
}

/**
 * Deletes as the Kubernetes API does. A pod that is bound to a node and not finished stays, with a
 * deletionTimestamp, until its agent deletes it with grace 0; a grace period only ever gets shorter. One that goes at
 * once gets its deletionTimestamp too, just before. Answers the object as it is then, or as it was last.
 */
export function deleteObject(
  { store, wallClock }: Deleting,
  resource: ApiResource,
  object: ApiObject,
  options: DeleteOptions,
): ApiObject {
  checkPreconditions(resource, object, options);
  const { finalizers = [] } = object.metadata;
  const isPod = resource === podResource;
  if (!isPod && finalizers.length === 0) return store.remove(resource, keyOfObject(resource, object));
  const metadata = isPod
    ? podMetadata(object, options.gracePeriodSeconds, wallClock())
    : begun(object, 0, wallClock());
  const marked = metadata === object.metadata ? object : store.put(resource, { ...object, metadata });
  if ((metadata.deletionGracePeriodSeconds ?? 0) > 0 || finalizers.length > 0) return marked;
  return store.remove(resource, keyOfObject(resource, object));
}

type Metadata = ApiObject['metadata'];

/** What this deletion makes of the metadata of a pod. */
function podMetadata(object: ApiObject, asked: number | undefined, nowMs: number): Metadata {
  const { metadata } = object;
  const { deletionTimestamp, deletionGracePeriodSeconds: earlierS = 0 } = metadata;
  // A negative period means the shortest one that is still graceful.
  const askedS = asked !== undefined && asked < 0 ? 1 : asked;
  if (deletionTimestamp === undefined) return begun(object, firstGraceS(object, askedS), nowMs);
  if (earlierS === 0 || askedS === undefined || askedS >= earlierS) return metadata;
  // It shortens the period counted from the first deletion, but to no end in the past.
  const endMs = Date.parse(deletionTimestamp) + (askedS - earlierS) * 1_000;
  return {
    ...metadata,
    deletionTimestamp: timestampOf(Math.max(endMs, nowMs)),
    // One that would be over already is still one: its agent has to see it.
    deletionGracePeriodSeconds: endMs < nowMs ? Math.min(askedS, 1) : askedS,
  };
}

function begun({ metadata }: ApiObject, graceS: number, nowMs: number): Metadata {
  if (metadata.deletionTimestamp !== undefined) return metadata;
  return {
    ...metadata,
    deletionTimestamp: timestampOf(nowMs + graceS * 1_000),
    deletionGracePeriodSeconds: graceS,
    ...(metadata.generation === undefined ? {} : { generation: metadata.generation + 1 }),
  };
}

/** In whole seconds. Nothing runs of a pod without a node, or of a finished one. */
function firstGraceS(object: ApiObject, askedS: number | undefined): number {
  const spec = object.spec as { nodeName?: string; terminationGracePeriodSeconds?: number };
  const phase = (object.status as { phase?: string } | undefined)?.phase;
  if ((spec.nodeName ?? '') === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  const graceS = askedS ?? spec.terminationGracePeriodSeconds ?? graceDefaultS;
  return graceS < 0 ? 1 : graceS;
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
