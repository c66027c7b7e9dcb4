import { sha256 as digest } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import stringify from 'safe-stable-stringify';

/** JSON with sorted keys: equal data give equal text, whatever order the keys were written in. */
export function canonicalJson(value: unknown): string {
  return stringify(value) ?? 'null';
}

/**
 * Lower-case hexadecimal SHA-256 of a short text. In plain JavaScript, because each `Hash` of node:crypto has a native
 * part that survives the young generation's collections and takes all that it can reach along: simulation makes
 * thousands of them a second. Large texts are hashed by node:crypto where they are (see trace/codec).
 */
export function sha256(text: string): string {
  return bytesToHex(digest(utf8ToBytes(text)));
}
