import type { WatchEvent } from '../../../harness/ports/agent.js';
import { acceptedRanges } from '../accept.js';
import type { ApiObject } from '../api-object.js';
import { ApiFailure } from '../status-body.js';
import { columnsOf, type Columns } from './columns.js';

/** What a client wants objects to be turned into before it gets them. */
export type Representation =
  | { readonly as: 'object' }
  | { readonly as: 'metadata' }
  | { readonly as: 'table'; readonly includeObject: string };

const metaGroup = 'meta.k8s.io';
const asObject: Representation = { as: 'object' };

/** The first form that the client would take and the server has. Throws 406 when there is none. */
export function representationOf(
  accept: string | undefined,
  query: Readonly<Record<string, string>>,
): Representation {
  const ranges = acceptedRanges(accept);
  if (ranges.length === 0) return asObject;
  for (const { type, parameters } of ranges) {
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    if (parameters['as'] === undefined) return asObject;
    if (parameters['g'] !== metaGroup || parameters['v'] !== 'v1') continue;
    if (parameters['as'] === 'Table') {
      return { as: 'table', includeObject: query['includeObject'] ?? 'Metadata' };
    }
    if (parameters['as'].startsWith('PartialObjectMetadata')) return { as: 'metadata' };
  }
  const why = 'only the following media types are accepted: application/json';
  throw new ApiFailure(406, why, 'NotAcceptable');
}

interface List {
  readonly kind: string;
  readonly metadata?: { readonly resourceVersion?: string };
  readonly items: readonly ApiObject[];
}

/** The body of an answer, an object or a list, in this form. */
export function represented(body: unknown, form: Representation, nowMs: number): unknown {
  if (form.as === 'object' || typeof body !== 'object' || body === null) return body;
  const { kind } = body as { readonly kind?: string };
  if (kind === undefined || kind === 'Status') return body;
  const list = 'items' in body ? (body as List) : undefined;
  if (form.as === 'table') {
    return list === undefined
      ? table(kind, [body as ApiObject], { form, nowMs, metadata: versionOf(body as ApiObject) })
      : table(kind.replace(/List$/, ''), list.items, { form, nowMs, metadata: list.metadata });
  }
  if (list === undefined) return partial(body as ApiObject);
  const apiVersion = `${metaGroup}/v1`;
  const { metadata, items } = list;
  return { kind: 'PartialObjectMetadataList', apiVersion, metadata, items: items.map(partial) };
}

/** The event in this form. Status and bookmarks that a table has no rows for stay what they are. */
export function representedEvent(event: WatchEvent, form: Representation, nowMs: number): WatchEvent {
  if (form.as === 'object' || event.type === 'ERROR') return event;
  return { type: event.type, object: represented(event.object, form, nowMs) as WatchEvent['object'] };
}

interface TableParts {
  readonly form: { readonly includeObject: string };
  readonly nowMs: number;
  readonly metadata: object | undefined;
}

function table(kind: string, objects: readonly ApiObject[], parts: TableParts): object {
  const columns = columnsOf(kind);
  const { names, narrow = names.length } = columns;
  const { includeObject } = parts.form;
  const shown = (object: ApiObject): object => {
    if (includeObject === 'None') return {};
    return { object: includeObject === 'Object' ? object : partial(object) };
  };
  return {
    kind: 'Table',
    apiVersion: `${metaGroup}/v1`,
    metadata: parts.metadata ?? {},
    columnDefinitions: names.map((name, index) => ({
      name,
      type: 'string',
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority: index < narrow ? 0 : 1,
    })),
    rows: objects.map((object) => ({ cells: cellsOf(columns, object, parts.nowMs), ...shown(object) })),
  };
}

/** What is of other types than it should be has a row too: whoever lists must not fail for one object of many. */
function cellsOf({ names, cells }: Columns, object: ApiObject, nowMs: number): unknown[] {
  try {
    return cells(object, nowMs);
  } catch {
    return names.map((name) => (name === 'Name' ? object.metadata.name : '<unknown>'));
  }
}

function partial({ metadata }: ApiObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: `${metaGroup}/v1`, metadata };
}

function versionOf({ metadata }: ApiObject): object {
  return { resourceVersion: metadata.resourceVersion };
}
