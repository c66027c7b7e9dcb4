import type { ApiObject, ApiResource } from './api-object.js';
import { ApiFailure } from './status-body.js';

export type Matcher = (object: ApiObject) => boolean;

/** Selectors that an agent repeats are parsed once; the bound keeps odd clients from filling the memory. */
const cacheMax = 200;
const cache = new Map<string, Matcher>();

const everything: Matcher = () => true;

/** What `fieldSelector` and `labelSelector` of a query let through. Throws the 400 that they deserve. */
export function matcherOf(resource: ApiResource, query: Readonly<Record<string, string>>): Matcher {
  const fields = query['fieldSelector'] ?? '';
  const labels = query['labelSelector'] ?? '';
  if (fields === '' && labels === '') return everything;
  const key = `${resource.groupVersion}/${resource.name} ${fields} ${labels}`;
  let matcher = cache.get(key);
  if (matcher === undefined) {
    const terms = [...parseFields(resource, fields), ...parseLabels(labels)];
    matcher = (object) => terms.every((term) => term(object));
    if (cache.size >= cacheMax) cache.clear();
    cache.set(key, matcher);
  }
  return matcher;
}

const fieldsOf: { readonly [resource: string]: readonly string[] } = {
  pods: [
    'metadata.name',
    'metadata.namespace',
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  nodes: ['metadata.name', 'spec.unschedulable'],
  services: ['metadata.name', 'metadata.namespace', 'spec.clusterIP', 'spec.type'],
  secrets: ['metadata.name', 'metadata.namespace', 'type'],
};

function parseFields(resource: ApiResource, selector: string): Matcher[] {
  return splitTerms(selector).map((term) => {
    const match = /^([^=!]+?)\s*(==|=|!=)\s*(.*)$/.exec(term);
    if (match === null) throw new ApiFailure(400, `invalid field selector: "${term}"`);
    const [, path, operator, value] = match as unknown as [string, string, string, string];
    const known = fieldsOf[resource.name] ?? ['metadata.name', 'metadata.namespace'];
    if (resource.name !== 'events' && !known.includes(path)) {
      throw new ApiFailure(400, `field label not supported: ${path}`);
    }
    const names = path.split('.');
    const wanted = operator !== '!=';
    return (object) => (textAt(object, names) === value) === wanted;
  });
}

function textAt(object: unknown, names: readonly string[]): string {
  let value = object;
  for (const name of names) {
    if (typeof value !== 'object' || value === null) return '';
    value = (value as Record<string, unknown>)[name];
  }
  return value === undefined || value === null ? '' : String(value);
}

function parseLabels(selector: string): Matcher[] {
  return splitTerms(selector).map((term) => {
    const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
    if (set !== null) {
      const values = set[3]!.split(',').map((value) => value.trim());
      const wanted = set[2] === 'in';
      return labelMatcher(set[1]!, (value) => (value !== undefined && values.includes(value)) === wanted);
    }
    const order = /^([^=!<>\s()]+)\s*([<>])\s*(\S+)$/.exec(term);
    if (order !== null) {
      const [, name, operator, text] = order as unknown as [string, string, string, string];
      const bound = wholeNumberOf(text);
      if (bound === undefined) {
        throw new ApiFailure(400, `for 'Gt', 'Lt' operators, the value must be an integer: "${term}"`);
      }
      return labelMatcher(name, (value) => {
        const number = value === undefined ? undefined : wholeNumberOf(value);
        return number !== undefined && (operator === '>' ? number > bound : number < bound);
      });
    }
    const equality = /^([^=!<>\s]+)\s*(==|=|!=)\s*([^=!<>\s]*)$/.exec(term);
    if (equality !== null) {
      const wanted = equality[2] !== '!=';
      return labelMatcher(equality[1]!, (value) => (value === equality[3]) === wanted);
    }
    const existence = /^(!?)\s*([^=!<>\s()]+)$/.exec(term);
    if (existence === null) throw new ApiFailure(400, `unable to parse requirement: "${term}"`);
    return labelMatcher(existence[2]!, (value) => (value === undefined) === (existence[1] === '!'));
  });
}

/** What Go's ParseInt takes, in 64 bits: numbers may be larger than those of JavaScript are exact. */
function wholeNumberOf(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]{1,40}$/.test(text)) return undefined;
  const number = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, number) === number ? number : undefined;
}

function labelMatcher(name: string, matches: (value: string | undefined) => boolean): Matcher {
  return (object) => matches(object.metadata.labels?.[name]);
}

/** Commas separate terms, but not inside the parentheses of a set. */
function splitTerms(selector: string): string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '');
}
