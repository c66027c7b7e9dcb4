import { createHash } from 'node:crypto';
import stringify from 'safe-stable-stringify';

/** JSON with sorted keys: equal data give equal text, whatever order the keys were written in. */
export function canonicalJson(value: unknown): string {
  return stringify(value) ?? 'null';
}

/** Lower-case hexadecimal SHA-256. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
