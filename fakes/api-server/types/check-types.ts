import type { z } from 'zod';
import type { ApiResource } from '../api-object.js';
import { isJsonObject, type JsonObject } from '../patch/json-data.js';
import { ApiFailure } from '../status-body.js';
import { typesOf } from './object-types.js';

/** How an object came: a body that cannot be decoded is a bad request, a patch that leads to one is invalid. */
export type Origin = 'body' | 'patch';

/**
 * The object as a server that decodes it into structs would have it: null is not said. Throws 400 or 422 for values of
 * a wrong type, before anybody else reads them. Fields that it shares with `known`, the version that is stored, are not
 * checked again: most patches are of a status, beside a spec that is many times its size.
 */
export function checkTypes(
  resource: ApiResource,
  value: unknown,
  origin: Origin,
  known: JsonObject = {},
): JsonObject {
  const object = withoutNulls(value, known);
  if (!isJsonObject(object))
    throw refusal(resource, origin, cannotUnmarshal(object, resource.kind, 'object'));
  const fresh = Object.entries(object).filter(([name, field]) => field !== known[name]);
  const { success, error } = typesOf(resource).safeParse(Object.fromEntries(fresh));
  if (!success) throw refusal(resource, origin, wordsOf(resource, object, error.issues[0]!));
  return object;
}

function refusal(resource: ApiResource, origin: Origin, why: string): ApiFailure {
  if (origin === 'patch') return new ApiFailure(422, ` "" is invalid: patch: Invalid value: ${why}`);
  const version = resource.groupVersion.split('/').at(-1);
  const { kind } = resource;
  return new ApiFailure(400, `${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}

function wordsOf({ kind }: ApiResource, object: JsonObject, issue: z.core.$ZodIssue): string {
  const found = issue.path.reduce<unknown>((value, name) => (value as JsonObject)[name as string], object);
  const place = [kind, ...issue.path.filter((name) => typeof name === 'string')].join('.');
  switch (issue.code) {
    case 'invalid_type': {
      const { expected } = issue;
      return cannotUnmarshal(found, place, expected === 'int' || expected === 'number' ? 'int32' : expected);
    }
    case 'invalid_union':
      return cannotUnmarshal(found, place, 'string');
    case 'too_big':
    case 'too_small':
      return cannotUnmarshal(found, place, 'int32');
    default:
      return `${issue.message} (${place})`;
  }
}

function cannotUnmarshal(value: unknown, place: string, type: string): string {
  return `json: cannot unmarshal ${typeWordOf(value)} into Go struct field ${place} of type ${type}`;
}

function typeWordOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** Shares with `value` whatever holds no null, as the fields of `known` are known to. */
function withoutNulls(value: unknown, known?: JsonObject): unknown {
  if (Array.isArray(value)) {
    const items = (value as unknown[]).map((item) => withoutNulls(item));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isJsonObject(value)) return value;
  let changed: Record<string, unknown> | undefined;
  for (const name of Object.keys(value)) {
    const field = value[name];
    if (known !== undefined && field === known[name]) continue;
    const kept = withoutNulls(field);
    if (kept === field && field !== null) continue;
    changed ??= { ...value };
    if (kept === null) delete changed[name];
    else changed[name] = kept;
  }
  return changed ?? value;
}
