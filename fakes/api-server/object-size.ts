import type { ApiObject } from './api-object.js';

/** Parts that objects share with their earlier versions are measured once. */
const measured = new WeakMap<object, number>();

/** About the bytes of an object as JSON text. */
export function sizeOf(object: ApiObject): number {
  let size = 2;
  for (const [name, part] of Object.entries(object)) size += name.length + 4 + partSize(part);
  return size;
}

function partSize(part: unknown): number {
  if (typeof part !== 'object' || part === null) return dataSize(part);
  let size = measured.get(part);
  if (size === undefined) measured.set(part, (size = dataSize(part)));
  return size;
}

function dataSize(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data) + 2;
  if (typeof data !== 'object' || data === null) return 5;
  let size = 2;
  if (Array.isArray(data)) for (const value of data as unknown[]) size += 1 + dataSize(value);
  else {
    for (const name in data) size += name.length + 4 + dataSize((data as Record<string, unknown>)[name]);
  }
  return size;
}
