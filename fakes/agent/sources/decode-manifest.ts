import { LineCounter, parseDocument } from 'yaml';
import type { Pod } from '../../../harness/spec/pod.js';
import { validatePod } from './validate-pod.js';

/** What a manifest's text says: its valid pods, and why the others are none. */
export interface DecodedManifest {
  readonly isList: boolean;
  readonly pods: readonly Pod[];
  /** Why the text, or a member of its list, is not a valid pod. Empty when all is well. */
  readonly problems: readonly string[];
}

/** Longer manifests are refused, in characters. */
export const manifestLengthMax = 10 * 1024 * 1024;

/** Aliases may expand a document to so many nodes: manifests that explode are refused. */
const aliasCountMax = 100;

const cache = new Map<string, DecodedManifest>();
const cacheEntriesMax = 512;
const cachedTextLengthMax = 64 * 1024;

/** Decodes one Pod or a PodList in JSON or YAML. Equal texts give the same objects. Never throws. */
export function decodeManifest(text: string, lengthMax = manifestLengthMax): DecodedManifest {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const decoded = decodeText(text, lengthMax);
  if (text.length > cachedTextLengthMax) return decoded;
  if (cache.size >= cacheEntriesMax) cache.delete(cache.keys().next().value!);
  cache.set(text, decoded);
  return decoded;
}

function decodeText(text: string, lengthMax: number): DecodedManifest {
  if (text.length > lengthMax) return problem(`the manifest is longer than ${lengthMax / 1024 ** 2} MiB`);
  let value: unknown;
  try {
    value = parseText(text);
  } catch (error) {
    return problem(error instanceof Error ? error.message : String(error));
  }
  if (typeof value !== 'object' || value === null) return problem('the manifest is not an object');
  const { kind, apiVersion, items } = value as { kind?: unknown; apiVersion?: unknown; items?: unknown };
  if (apiVersion !== 'v1') return problem('apiVersion is not v1');
  if (kind === 'Pod') return decodeItems([value], false);
  if (kind === 'PodList' || kind === 'List') {
    if (items === undefined || items === null) return { isList: true, pods: [], problems: [] };
    if (!Array.isArray(items)) return problem('items is not a list');
    return decodeItems(items, true);
  }
  return problem('kind is neither Pod nor PodList');
}

function decodeItems(items: readonly unknown[], isList: boolean): DecodedManifest {
  const pods: Pod[] = [];
  const problems: string[] = [];
  for (const item of items) {
    const why = validatePod(item);
    if (why === undefined) pods.push(withoutStatus(item as Pod));
    else problems.push(why);
  }
  return { isList, pods, problems };
}

/** Members of a list may leave their type out, and what a manifest says of the status is no one's wish. */
function withoutStatus(item: Pod): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: item.metadata, spec: item.spec };
}

/** JSON is YAML too, but its own parser is a hundred times as fast. */
function parseText(text: string): unknown {
  if (/^\s*[{[]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // YAML's flow style looks alike.
    }
  }
  const document = parseDocument(text, { lineCounter: new LineCounter(), prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  const value: unknown = document.toJS({ maxAliasCount: aliasCountMax });
  // An alias of what it stands in makes a ring, which no pod can be; writing it down fails.
  JSON.stringify(value);
  return value;
}

function problem(text: string): DecodedManifest {
  return { isList: false, pods: [], problems: [text] };
}
