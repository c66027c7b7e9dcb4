import { isJsonObject, type JsonObject } from './patch/json-data.js';
import { podResource, secretResource, type ApiObject, type ApiResource } from './api-object.js';
import { defaultPod } from './default-pod.js';
import { unknownFields } from './discovery/openapi.js';
import type { Route } from './route.js';
import { ApiFailure } from './status-body.js';
import { checkTypes } from './types/check-types.js';

const namePattern = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** With `fieldValidation=Strict` a field that nothing is known of is refused: 400. */
export function checkFields(
  resource: ApiResource,
  body: unknown,
  query: Readonly<Record<string, string>> | undefined,
): void {
  if (query?.['fieldValidation'] !== 'Strict' || !isJsonObject(body)) return;
  const [first, ...others] = unknownFields(resource, body).map((path) => `unknown field "${path}"`);
  if (first === undefined) return;
  throw new ApiFailure(400, `strict decoding error: ${[first, ...others].join(', ')}`);
}

/** The object that a request's body says, with name and namespace from its path. Throws 400 or 422. */
export function objectFromBody(route: Route, given: unknown): ApiObject {
  const { resource } = route;
  if (!isJsonObject(given)) throw new ApiFailure(400, 'the object provided is unrecognized: it is no object');
  if ((given['kind'] ?? resource.kind) !== resource.kind) {
    throw new ApiFailure(400, `the kind of the object is ${String(given['kind'])}, not ${resource.kind}`);
  }
  const body = checkTypes(resource, given, 'body');
  const metadata = checkIdentity(route, body);
  const name = metadata['name'] ?? route.name;
  if (typeof name !== 'string' || !namePattern.test(name)) {
    throw new ApiFailure(
      422,
      `${resource.kind} "${String(name ?? '')}" is invalid: metadata.name: no DNS name`,
    );
  }
  // A status comes without one, or with one that does not count.
  if (route.subresource !== 'status') checkSpec(resource.kind, name, body['spec']);
  const namespace = resource.isNamespaced ? { namespace: route.namespace ?? 'default' } : {};
  const object = {
    ...body,
    apiVersion: resource.groupVersion,
    kind: resource.kind,
    metadata: { ...metadata, name, ...namespace },
  } as ApiObject;
  if (resource === podResource) return defaultPod(object);
  return resource === secretResource ? withoutStringData(object) : object;
}

/** The metadata of a body, which may name nothing but what its path does. Throws 400. */
export function checkIdentity(route: Route, body: JsonObject): JsonObject {
  const metadata: JsonObject = (body['metadata'] as JsonObject | undefined) ?? {};
  if (route.name !== undefined && metadata['name'] !== undefined && metadata['name'] !== route.name) {
    throw new ApiFailure(400, `the name of the object (${String(metadata['name'])}) is not that of the path`);
  }
  if (
    route.namespace !== undefined &&
    metadata['namespace'] !== undefined &&
    metadata['namespace'] !== route.namespace
  ) {
    throw new ApiFailure(400, 'the namespace of the object does not match the namespace of the path');
  }
  return metadata;
}

/** What was given as text is kept with the rest, encoded like it. */
function withoutStringData(secret: ApiObject): ApiObject {
  const { stringData, data, ...rest } = secret as ApiObject & { stringData?: unknown; data?: unknown };
  if (!isJsonObject(stringData)) return secret;
  const encoded = Object.entries(stringData).map(([name, text]) => [
    name,
    Buffer.from(String(text)).toString('base64'),
  ]);
  const merged = { ...(isJsonObject(data) ? data : {}), ...Object.fromEntries(encoded) };
  return { ...rest, data: merged } as unknown as ApiObject;
}

function checkSpec(kind: string, name: string, spec: unknown): void {
  if (kind !== 'Pod') return;
  const containers = isJsonObject(spec) ? spec['containers'] : undefined;
  if (!Array.isArray(containers) || containers.length === 0) {
    throw new ApiFailure(422, `Pod "${name}" is invalid: spec.containers: Required value`);
  }
  const names = new Set<unknown>();
  for (const container of containers as unknown[]) {
    const own = isJsonObject(container) ? container['name'] : undefined;
    if (typeof own !== 'string' || !namePattern.test(own) || names.has(own)) {
      throw new ApiFailure(422, `Pod "${name}" is invalid: spec.containers[].name: Invalid value`);
    }
    names.add(own);
  }
}
