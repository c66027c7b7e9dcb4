import { canonicalJson, sha256 } from '../core/hash.js';
import type { Plan } from './plan.js';

/** The SHA-256 of a plan in canonical JSON, in hexadecimal: the same for two plans exactly when they say the same. */
export function planHash(plan: Plan): string {
  return sha256(canonicalJson(plan));
}
