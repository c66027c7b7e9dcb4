import type { ApiObject } from './api-object.js';
import type { ApiStore } from './api-store.js';
import type { Route } from './route.js';
import { matcherOf, type Matcher } from './selectors.js';
import { ApiFailure, goneFailure, type ApiAnswer } from './status-body.js';

export type Query = Readonly<Record<string, string>>;

/** A list as far as it is answered, and the revision that it shows. */
export interface ListResult {
  readonly answer: ApiAnswer;
  readonly items: readonly ApiObject[];
  readonly revision: number;
  /** False for a page that others follow. */
  readonly isLast: boolean;
}

interface ListRequest {
  readonly route: Route;
  readonly query: Query;
  /** Answers with data of this revision where the query allows data that old. */
  readonly staleRevision?: number | undefined;
}

/** What a query's selectors and a path's namespace and name let through. */
export function scopeOf(route: Route, query: Query): Matcher {
  const selected = matcherOf(route.resource, query);
  const { namespace, name } = route;
  if (namespace === undefined && name === undefined) return selected;
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    selected(object);
}

/** A list with Kubernetes' meaning of resourceVersion, resourceVersionMatch, limit and continue. */
export function listObjects(store: ApiStore, { route, query, staleRevision }: ListRequest): ListResult {
  checkMatch(query);
  const token = parseToken(query['continue']);
  const revision = token?.revision ?? revisionOf(store, query, staleRevision);
  if (revision < store.oldestRevision()) {
    if (token !== undefined) {
      throw new ApiFailure(410, 'The provided continue parameter is too old to display a consistent list.');
    }
    throw goneFailure(revision, store.oldestRevision());
  }
  const limit = numberOf(query, 'limit') ?? 0;
  const matching = store.list(route.resource, revision).filter(scopeOf(route, query));
  const start = token?.offset ?? 0;
  const end = limit > 0 ? Math.min(start + limit, matching.length) : matching.length;
  const items = matching.slice(start, end);
  const isLast = end >= matching.length;
  const metadata = {
    resourceVersion: String(revision),
    ...(isLast
      ? {}
      : { continue: formatToken({ revision, offset: end }), remainingItemCount: matching.length - end }),
  };
  const { groupVersion, kind } = route.resource;
  const body = { kind: `${kind}List`, apiVersion: groupVersion, metadata, items };
  // Whoever reads the pages has seen the whole only with the last one.
  return {
    answer: { status: 200, body },
    items: isLast && token !== undefined ? matching : items,
    revision,
    isLast,
  };
}

/** The number in a query, or undefined. Throws 400 for anything else. */
export function numberOf(query: Query, name: string): number | undefined {
  const text = query[name];
  if (text === undefined || text === '') return undefined;
  if (!/^[0-9]{1,15}$/.test(text)) throw new ApiFailure(400, `${name}: "${text}" is no number`);
  return Number(text);
}

function checkMatch(query: Query): void {
  const match = query['resourceVersionMatch'] ?? '';
  const hasVersion = (query['resourceVersion'] ?? '') !== '';
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    throw new ApiFailure(422, `resourceVersionMatch: Unsupported value: "${match}"`);
  }
  if (match !== '' && !hasVersion) {
    throw new ApiFailure(422, 'resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  if ((query['continue'] ?? '') !== '' && hasVersion && query['resourceVersion'] !== '0') {
    throw new ApiFailure(400, 'specifying resource version is not allowed when using continue');
  }
}

function revisionOf(store: ApiStore, query: Query, staleRevision: number | undefined): number {
  const newest = store.revision();
  const asked = numberOf(query, 'resourceVersion');
  const match = query['resourceVersionMatch'];
  if (match === 'Exact') {
    if (asked === undefined || asked === 0) {
      throw new ApiFailure(400, 'resourceVersionMatch Exact needs a resourceVersion other than 0');
    }
    if (asked <= newest) return asked;
  }
  if (asked !== undefined && asked > newest) {
    const message = `Too large resource version: ${asked}, current: ${newest}`;
    // Clients know by the cause that waiting helps.
    const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
    throw new ApiFailure(504, message, 'Timeout', { retryAfterSeconds: 1, causes });
  }
  // Without a resourceVersion a list is promised to be the newest.
  if (asked === undefined || staleRevision === undefined) return newest;
  return Math.min(newest, Math.max(asked, staleRevision, store.oldestRevision()));
}

interface Token {
  readonly revision: number;
  readonly offset: number;
}

function formatToken({ revision, offset }: Token): string {
  return Buffer.from(`${revision}:${offset}`).toString('base64url');
}

function parseToken(text: string | undefined): Token | undefined {
  if (text === undefined || text === '') return undefined;
  const match = /^([0-9]{1,15}):([0-9]{1,9})$/.exec(Buffer.from(text, 'base64url').toString());
  if (match === null) throw new ApiFailure(400, 'continue key is not valid');
  return { revision: Number(match[1]), offset: Number(match[2]) };
}
