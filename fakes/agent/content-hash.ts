import { canonicalJson, sha256 } from '../../harness/core/hash.js';
import type { Container } from '../../harness/spec/pod.js';

const contentHashes = new WeakMap<object, string>();

/** A hash of what the value says, whatever the order of its keys. Values must not change afterwards. */
export function contentHash(value: object): string {
  let hash = contentHashes.get(value);
  if (hash === undefined) {
    hash = sha256(canonicalJson(value)).slice(0, 32);
    contentHashes.set(value, hash);
  }
  return hash;
}

const containerHashes = new WeakMap<Container, string>();

/** A hash of the fields that need another container when they change. */
export function containerHash(container: Container): string {
  let hash = containerHashes.get(container);
  if (hash === undefined) {
    const { name, image, command, args, env } = container;
    hash = sha256(canonicalJson({ name, image, command, args, env })).slice(0, 16);
    containerHashes.set(container, hash);
  }
  return hash;
}
