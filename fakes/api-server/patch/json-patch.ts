import { applyPatch, Pointer, type Operation } from 'rfc6902';
import { ApiFailure } from '../status-body.js';
import { isJsonObject } from './json-data.js';

const operationsMax = 10_000;
/** Of all that the copies of one patch copy, as JSON text: each may double the object otherwise. */
const copiedMaxCharacters = 3 * 1024 * 1024;
const operationNames = ['add', 'remove', 'replace', 'move', 'copy', 'test'];

/**
 * JSON patch (RFC 6902); the target stays as it is. Throws 400 for what is no patch, 422 for one that does not fit
 * the target.
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new ApiFailure(400, 'a JSON patch is a list of operations');
  if (patch.length > operationsMax) throw new ApiFailure(413, `more than ${operationsMax} operations`);
  const document: unknown = structuredClone(target);
  let copied = 0;
  for (const operation of (patch as unknown[]).map(operationOf)) {
    if (operation.op === 'copy') {
      copied += JSON.stringify(Pointer.fromJSON(operation.from).get(document) ?? null).length;
      if (copied > copiedMaxCharacters) throw new ApiFailure(413, 'the patch copies too much');
    }
    // One at a time: a patch is done as a whole or not at all, and the first failure ends it.
    const [error] = applyPatch(document, [operation]);
    if (error) throw new ApiFailure(422, `the server rejected our request: ${error.message}`);
  }
  return document;
}

function operationOf(operation: unknown): Operation {
  if (!isJsonObject(operation)) throw new ApiFailure(400, 'an operation of a JSON patch is an object');
  const { op, path, from } = operation;
  if (typeof op !== 'string' || !operationNames.includes(op)) {
    throw new ApiFailure(400, `a JSON patch has no operation ${String(op)}`);
  }
  checkPointer(path);
  if (op === 'move' || op === 'copy') checkPointer(from);
  if (['add', 'replace', 'test'].includes(op) && operation['value'] === undefined) {
    throw new ApiFailure(400, `the operation ${op} needs a value`);
  }
  return operation as unknown as Operation;
}

function checkPointer(pointer: unknown): void {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) {
    throw new ApiFailure(400, `“${String(pointer)}” is no JSON pointer`);
  }
  // No field has this name, and an assignment to it would change what the object is.
  if (Pointer.fromJSON(pointer).tokens.includes('__proto__')) {
    throw new ApiFailure(422, 'the server rejected our request: __proto__ is no name of a field');
  }
}
