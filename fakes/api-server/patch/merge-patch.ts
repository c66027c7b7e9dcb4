import { isJsonObject, type JsonObject } from './json-data.js';

/**
 * JSON merge patch (RFC 7396): null removes, objects merge, everything else replaces. There are libraries for it, but
 * they stop at a key named `constructor` without a word, as a label may be named, and are not cared for any more.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const result: Record<string, unknown> = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch as JsonObject)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}
