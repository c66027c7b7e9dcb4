import { isDeepStrictEqual } from 'node:util';
import type { ApiObject } from './api-object.js';
import type { JsonObject } from './patch/json-data.js';

/** What is the server's to say. */
const ofServer = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'resourceVersion',
  'generation',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/** The metadata that an update makes of those of `object`, where it may say no more of `kept` than the object does. */
export function updateMetadata(
  object: ApiObject,
  asked: JsonObject,
  kept: readonly (keyof ApiObject['metadata'])[] = [],
): ApiObject['metadata'] {
  const before: JsonObject = { ...object.metadata };
  const result: Record<string, unknown> = { ...asked };
  for (const name of [...ofServer, ...kept]) {
    if (before[name] === undefined) delete result[name];
    else result[name] = before[name];
  }
  return shareEqual(result, before) as unknown as ApiObject['metadata'];
}

/** The fields of `next`, those that are as in `before` shared with it: who looks for changes compares by identity. */
export function shareEqual<T extends object>(next: T, before: object): T {
  const result = { ...next } as Record<string, unknown>;
  for (const [name, value] of Object.entries(before)) {
    if (result[name] !== value && isDeepStrictEqual(result[name], value)) result[name] = value;
  }
  return result as T;
}
