import { isDeepStrictEqual } from 'node:util';
import { ApiFailure } from '../status-body.js';
import { isJsonObject, type JsonObject } from './json-data.js';

/**
 * The lists that merge, by the path to them: the field that tells their entries apart, or `set` for plain
 * values. Every other list is replaced as a whole; containerStatuses are among those.
 */
const mergeKeys: { readonly [kind: string]: { readonly [path: string]: string } } = {
  '': { 'metadata.finalizers': 'set', 'metadata.ownerReferences': 'uid' },
  Pod: {
    ...containerKeys('spec.containers'),
    ...containerKeys('spec.initContainers'),
    ...containerKeys('spec.ephemeralContainers'),
    'spec.volumes': 'name',
    'spec.imagePullSecrets': 'name',
    'spec.hostAliases': 'ip',
    'spec.topologySpreadConstraints': 'topologyKey',
    'status.conditions': 'type',
    'status.podIPs': 'ip',
    'status.hostIPs': 'ip',
  },
  Node: { 'spec.podCIDRs': 'set', 'status.conditions': 'type', 'status.addresses': 'type' },
  Service: { 'spec.ports': 'port', 'status.conditions': 'type' },
};

function containerKeys(path: string): { readonly [path: string]: string } {
  return {
    [path]: 'name',
    [`${path}.env`]: 'name',
    [`${path}.ports`]: 'containerPort',
    [`${path}.volumeMounts`]: 'mountPath',
    [`${path}.volumeDevices`]: 'devicePath',
  };
}

/** Strategic merge patch as Kubernetes defines it, with its directives. `kind` says which lists merge. */
export function strategicMergePatch(kind: string, target: JsonObject, patch: unknown): JsonObject {
  if (!isJsonObject(patch)) throw new ApiFailure(400, 'a strategic merge patch is an object');
  return mergeObject({ kind, path: '' }, target, patch) ?? {};
}

interface Place {
  readonly kind: string;
  readonly path: string;
}

const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

/** Undefined when the patch deletes the object. */
function mergeObject(place: Place, target: JsonObject, patch: JsonObject): JsonObject | undefined {
  const { $patch: directive, $retainKeys: retained, ...fields } = patch;
  if (directive === 'delete') return undefined;
  const result: Record<string, unknown> = directive === 'replace' ? {} : { ...target };
  if (Array.isArray(retained)) {
    for (const name of Object.keys(result)) if (!retained.includes(name)) delete result[name];
  }
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith(orderPrefix)) continue;
    if (name.startsWith(deletePrefix)) {
      const list = name.slice(deletePrefix.length);
      result[list] = asList(result[list]).filter((item) => !asList(value).includes(item));
      continue;
    }
    const merged = mergeValue(child(place, name), result[name], value);
    if (merged === undefined) delete result[name];
    else result[name] = merged;
  }
  // Orders come last: they speak of the lists as merged.
  for (const [name, order] of Object.entries(fields)) {
    if (!name.startsWith(orderPrefix)) continue;
    const list = name.slice(orderPrefix.length);
    if (Array.isArray(result[list])) {
      result[list] = inOrder(result[list] as unknown[], asList(order), keyAt(child(place, list)));
    }
  }
  return result;
}

function mergeValue(place: Place, target: unknown, patch: unknown): unknown {
  if (patch === null) return undefined;
  if (isJsonObject(patch)) return mergeObject(place, isJsonObject(target) ? target : {}, patch);
  if (!Array.isArray(patch)) return patch;
  const key = keyAt(place);
  const items = patch as unknown[];
  if (key === undefined) return items;
  if (key === 'set') return [...new Set([...asList(target), ...items])];
  return mergeList(place, { key, target: asList(target), patch: items });
}

function mergeList(
  place: Place,
  lists: { readonly key: string; readonly target: readonly unknown[]; readonly patch: readonly unknown[] },
): unknown[] {
  const { key, patch } = lists;
  if (patch.some((item) => isJsonObject(item) && item['$patch'] === 'replace')) {
    return patch.filter((item) => !isJsonObject(item) || item['$patch'] === undefined);
  }
  const result = [...lists.target];
  for (const item of patch) {
    if (!isJsonObject(item) || item[key] === undefined) {
      throw new ApiFailure(422, `map does not contain declared merge key: ${key}`);
    }
    const index = result.findIndex((other) => isJsonObject(other) && other[key] === item[key]);
    const before = index >= 0 ? (result[index] as JsonObject) : {};
    const merged = mergeObject(place, before, item);
    if (merged === undefined) {
      if (index >= 0) result.splice(index, 1);
    } else if (index < 0) result.push(merged);
    else if (!isDeepStrictEqual(merged, before)) result[index] = merged;
  }
  return result;
}

/** Entries that the order names, in that order; the others keep their places relative to each other, behind. */
function inOrder(items: readonly unknown[], order: readonly unknown[], key: string | undefined): unknown[] {
  const idOf = (item: unknown): unknown =>
    key === undefined || key === 'set' || !isJsonObject(item) ? item : item[key];
  const ranks = new Map(order.map((item, index) => [idOf(item), index]));
  const rankOf = (item: unknown): number => ranks.get(idOf(item)) ?? order.length;
  return [...items].sort((left, right) => rankOf(left) - rankOf(right));
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function child(place: Place, name: string): Place {
  return { kind: place.kind, path: place.path === '' ? name : `${place.path}.${name}` };
}

function keyAt({ kind, path }: Place): string | undefined {
  return mergeKeys['']?.[path] ?? mergeKeys[kind]?.[path];
}
