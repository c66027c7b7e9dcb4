import { parse } from 'yaml';
import type { Pod } from '../spec/pod.js';

/** What `malformed` writes when the plan gives no text: neither JSON nor YAML. */
export const garbageText = '{"apiVersion": "v1", "kind": "Pod", "metadata": [}';

/**
 * The beginning of a manifest that we rendered, cut inside a key, so that it is neither JSON nor YAML. A cut
 * anywhere else could leave a valid YAML manifest that says something else.
 */
export function halfOf(text: string): string {
  // A comment on the first line may contain anything.
  const start = text.startsWith('#') ? text.indexOf('\n') : 0;
  for (const key of ['spec', 'kind']) {
    const at = text.indexOf(key, start);
    if (at >= 0) return text.slice(0, at + key.length);
  }
  return text.slice(0, text.length >> 1);
}

/** What a document says. `valid` is false when it cannot be decoded or one of its pods is not valid. */
export interface DecodedManifest {
  readonly pods: readonly Pod[];
  readonly valid: boolean;
}

const undecodable: DecodedManifest = { pods: [], valid: false };

/**
 * Reads a text that the plan gives word for word; what we render ourselves needs no decoding. Only a text
 * that every agent has to accept is valid: the strict subset that the suite itself writes.
 */
export function decodeManifest(text: string): DecodedManifest {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100, logLevel: 'error' });
    // Fails for an alias of what it stands in, and for what is nested too deeply: neither is a manifest.
    JSON.stringify(value);
  } catch {
    return undecodable;
  }
  if (!isRecord(value) || value['apiVersion'] !== 'v1') return undecodable;
  if (value['kind'] === 'Pod') return isValidPod(value) ? { pods: [value], valid: true } : undecodable;
  if (value['kind'] !== 'PodList' || !Array.isArray(value['items'])) return undecodable;
  const items: unknown[] = value['items'];
  const pods = items.filter(isValidPod);
  return { pods, valid: pods.length === items.length };
}

const dnsName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
/** Static pods must not refer to other objects of the API. */
const apiReference =
  /"(configMap|secret|persistentVolumeClaim|projected|configMapKeyRef|secretKeyRef|configMapRef|secretRef|serviceAccountName)":/;

function isValidPod(value: unknown): value is Pod {
  if (!isRecord(value) || value['apiVersion'] !== 'v1' || value['kind'] !== 'Pod') return false;
  const { metadata, spec } = value as { metadata?: unknown; spec?: unknown };
  if (!isRecord(metadata) || !isRecord(spec)) return false;
  if (!isName(metadata['name'])) return false;
  if (metadata['namespace'] !== undefined && !isName(metadata['namespace'])) return false;
  const containers = spec['containers'];
  if (!Array.isArray(containers) || containers.length === 0) return false;
  const areContainers = containers.every(
    (container) =>
      isRecord(container) &&
      isName(container['name']) &&
      typeof container['image'] === 'string' &&
      container['image'] !== '',
  );
  return areContainers && !apiReference.test(JSON.stringify(spec));
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && dnsName.test(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
