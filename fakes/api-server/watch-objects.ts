import type { WatchEvent } from '../../harness/ports/agent.js';
import type { ApiResource } from './api-object.js';
import type { ApiChange, ApiStore } from './api-store.js';
import { numberOf, scopeOf, type Query } from './list-objects.js';
import type { Route } from './route.js';
import { ApiFailure, failureBody, goneFailure } from './status-body.js';

/** How an event came about: the change, or the initial state, or neither for bookmarks and errors. */
export type WatchOrigin = { readonly change: ApiChange } | 'initial' | 'initialEnd' | 'none';

export type WatchSink = (event: WatchEvent, origin: WatchOrigin) => void;

export interface OpenWatch {
  close(): void;
}

/** Marks the bookmark after which a watcher has seen the whole present. */
const initialEventsEnd = 'k8s.io/initial-events-end';

/**
 * Opens a watch: events go to `sink` inside the writes that cause them; those for the past, or for the present
 * with `sendInitialEvents`, before this returns. Throws what the server refuses; a resourceVersion that is
 * compacted is answered, as by Kubernetes, with an ERROR event on an accepted watch.
 */
export function watchObjects(
  store: ApiStore,
  { route, query }: { readonly route: Route; readonly query: Query },
  sink: WatchSink,
): OpenWatch {
  const matches = scopeOf(route, query);
  const asked = numberOf(query, 'resourceVersion');
  const wantsInitial = query['sendInitialEvents'] === 'true';
  checkOptions(query, asked, wantsInitial);
  const send = (change: ApiChange): void => {
    if (change.resource !== route.resource) return;
    const event = eventOf(change, matches);
    if (event !== undefined) sink(event, { change });
  };
  if (wantsInitial || asked === undefined || asked === 0) {
    for (const object of store.list(route.resource)) {
      if (matches(object)) sink({ type: 'ADDED', object: object as WatchEvent['object'] }, 'initial');
    }
    if (wantsInitial && query['allowWatchBookmarks'] === 'true') {
      sink(bookmarkEvent(route.resource, store.revision(), true), 'initialEnd');
    }
  } else if (asked < store.oldestRevision()) {
    sink(errorEvent(goneFailure(asked, store.oldestRevision())), 'none');
    return { close() {} };
  } else {
    for (const change of store.since(route.resource, asked)) send(change);
  }
  return store.subscribe(send);
}

function checkOptions(query: Query, asked: number | undefined, wantsInitial: boolean): void {
  const match = query['resourceVersionMatch'];
  if (query['sendInitialEvents'] === undefined) {
    if (match === undefined) return;
    throw new ApiFailure(422, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is set');
  }
  if (match !== 'NotOlderThan') {
    throw new ApiFailure(422, 'sendInitialEvents needs resourceVersionMatch NotOlderThan');
  }
  if (!wantsInitial && asked === undefined) {
    throw new ApiFailure(422, 'sendInitialEvents=false needs a resourceVersion');
  }
}

/** The event that a change is to a watcher who sees only what matches. */
function eventOf(change: ApiChange, matches: ReturnType<typeof scopeOf>): WatchEvent | undefined {
  const object = change.object as WatchEvent['object'];
  const isIn = change.type !== 'DELETED' && matches(change.object);
  const wasIn = change.previous !== undefined && matches(change.previous);
  if (isIn) return { type: wasIn ? 'MODIFIED' : 'ADDED', object };
  return wasIn ? { type: 'DELETED', object } : undefined;
}

/** An event that says only how far the watch has come. */
export function bookmarkEvent(resource: ApiResource, revision: number, isInitialEnd = false): WatchEvent {
  const metadata = {
    resourceVersion: String(revision),
    ...(isInitialEnd ? { annotations: { [initialEventsEnd]: 'true' } } : {}),
  };
  return {
    type: 'BOOKMARK',
    object: { kind: resource.kind, apiVersion: resource.groupVersion, metadata },
  } as WatchEvent;
}

/** An ERROR event with the Status of this failure. */
export function errorEvent({ answer }: ApiFailure): WatchEvent {
  return { type: 'ERROR', object: answer.body as WatchEvent['object'] };
}

/** An ERROR event with this code. */
export function errorEventOf(code: number, message: string): WatchEvent {
  return { type: 'ERROR', object: failureBody(code, message) as unknown as WatchEvent['object'] };
}
