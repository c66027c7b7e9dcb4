import { isDeepStrictEqual } from 'node:util';
import { ApiFailure } from '../status-body.js';
import { isJsonObject } from './json-data.js';

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

const operationsMax = 10_000;

/** JSON patch (RFC 6902). Throws 400 for what is no patch, 422 for one that does not fit the target. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new ApiFailure(400, 'a JSON patch is a list of operations');
  if (patch.length > operationsMax) throw new ApiFailure(413, `more than ${operationsMax} operations`);
  return (patch as unknown[]).reduce((document, operation) => {
    if (!isJsonObject(operation) || typeof operation['path'] !== 'string') {
      throw new ApiFailure(400, 'an operation of a JSON patch has an op and a path');
    }
    return apply(document, operation as unknown as Operation);
  }, target);
}

function apply(document: unknown, operation: Operation): unknown {
  const path = parsePointer(operation.path);
  switch (operation.op) {
    case 'add':
      return edit(document, path, { how: 'add', value: operation.value });
    case 'replace':
      read(document, path);
      return edit(document, path, { how: 'replace', value: operation.value });
    case 'remove':
      return edit(document, path, { how: 'remove' });
    case 'test':
      if (!isDeepStrictEqual(read(document, path), operation.value)) {
        throw new ApiFailure(422, `the server rejected our request: testing ${operation.path} failed`);
      }
      return document;
    case 'copy':
      return edit(document, path, { how: 'add', value: read(document, parsePointer(operation.from)) });
    case 'move': {
      const from = parsePointer(operation.from);
      const value = read(document, from);
      return edit(edit(document, from, { how: 'remove' }), path, { how: 'add', value });
    }
    default:
      throw new ApiFailure(400, `a JSON patch has no operation ${operation.op}`);
  }
}

type Edit = { readonly how: 'add' | 'replace'; readonly value: unknown } | { readonly how: 'remove' };

/** Copies the containers on the way, shares everything else. */
function edit(node: unknown, path: readonly string[], change: Edit): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return change.how === 'remove' ? null : change.value;
  if (Array.isArray(node)) {
    const items = [...(node as unknown[])];
    if (rest.length > 0) items[indexOf(items, name)] = edit(items[indexOf(items, name)], rest, change);
    else if (change.how === 'remove') items.splice(indexOf(items, name), 1);
    else if (change.how === 'replace') items[indexOf(items, name)] = change.value;
    else items.splice(name === '-' ? items.length : insertionIndexOf(items, name), 0, change.value);
    return items;
  }
  if (!isJsonObject(node)) throw missing(name);
  if (rest.length > 0) {
    if (!Object.hasOwn(node, name)) throw missing(name);
    return { ...node, [name]: edit(node[name], rest, change) };
  }
  if (change.how !== 'remove') return { ...node, [name]: change.value };
  if (!Object.hasOwn(node, name)) throw missing(name);
  const { [name]: _removed, ...kept } = node;
  return kept;
}

function read(document: unknown, path: readonly string[]): unknown {
  let node = document;
  for (const name of path) {
    if (Array.isArray(node)) node = (node as unknown[])[indexOf(node, name)];
    else if (isJsonObject(node) && Object.hasOwn(node, name)) node = node[name];
    else throw missing(name);
  }
  return node;
}

function parsePointer(pointer: string | undefined): readonly string[] {
  if (pointer === '') return [];
  if (pointer === undefined || !pointer.startsWith('/')) {
    throw new ApiFailure(400, `“${pointer ?? ''}” is no JSON pointer`);
  }
  return pointer
    .slice(1)
    .split('/')
    .map((word) => word.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function indexOf(items: readonly unknown[], name: string): number {
  const index = insertionIndexOf(items, name);
  if (index >= items.length) throw missing(name);
  return index;
}

function insertionIndexOf(items: readonly unknown[], name: string): number {
  if (!/^(0|[1-9][0-9]*)$/.test(name) || Number(name) > items.length) throw missing(name);
  return Number(name);
}

function missing(name: string): ApiFailure {
  return new ApiFailure(
    422,
    `the server rejected our request: the patch names “${name}”, which is not there`,
  );
}
