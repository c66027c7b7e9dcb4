import type { ApiPortRequest, WatchEvent } from '../../harness/ports/agent.js';
import type { ApiServer } from './api-server.js';
import { isJsonObject, type JsonObject } from './patch/json-data.js';
import { routeOf } from './route.js';
import type { WatchOrigin } from './watch-objects.js';

const core = { version: 'v1', root: '/api/v1/' };
const later = { version: 'events.k8s.io/v1', root: '/apis/events.k8s.io/v1/' };

/** What events of the later version call otherwise, and how the core version calls it. */
const coreNames: { readonly [name: string]: string } = {
  regarding: 'involvedObject',
  note: 'message',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
};
const laterNames = Object.fromEntries(Object.entries(coreNames).map(([name, inCore]) => [inCore, name]));

/** A server that keeps events in the core version only, and shows and takes them in the later one too. */
export function withEventVersions(server: ApiServer): ApiServer {
  return {
    handle(request, options) {
      if (!isLater(request.path)) return server.handle(request, options);
      const handled = server.handle(inCore(request), options);
      const { answer } = handled;
      return { ...handled, answer: { ...answer, body: answerInLater(answer.body) } };
    },
    watch(request, sink) {
      if (!isLater(request.path)) return server.watch(request, sink);
      return server.watch(inCore(request), (event, origin) => {
        if (event.type === 'ERROR') sink(event, origin);
        else
          sink(
            { ...event, object: objectInLater(event.object) as WatchEvent['object'] },
            originInLater(origin),
          );
      });
    },
  };
}

function isLater(path: string): boolean {
  return path.startsWith(later.root) && routeOf(path)?.resource.groupVersion === later.version;
}

function inCore<Request extends Pick<ApiPortRequest, 'path' | 'query' | 'body'>>(request: Request): Request {
  const { path, query, body } = request;
  const selector = query?.['fieldSelector']
    ?.split(',')
    .map((term) => term.replace(/^\w+/, (name) => nameIn(coreNames, name)))
    .join(',');
  return {
    ...request,
    path: core.root + path.slice(later.root.length),
    ...(selector === undefined ? {} : { query: { ...query, fieldSelector: selector } }),
    ...(body === undefined ? {} : { body: bodyInCore(body) }),
  };
}

function bodyInCore(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(operationInCore);
  if (!isJsonObject(body)) return body;
  const { apiVersion, ...fields } = renamed(body, coreNames);
  return apiVersion === undefined
    ? fields
    : { ...fields, apiVersion: apiVersion === later.version ? core.version : apiVersion };
}

function operationInCore(operation: unknown): unknown {
  if (!isJsonObject(operation)) return operation;
  const pointers = ['path', 'from'].filter((name) => typeof operation[name] === 'string');
  const inCoreNames = pointers.map((name) => [
    name,
    (operation[name] as string).replace(/^\/(\w+)/, (_all, first: string) => `/${nameIn(coreNames, first)}`),
  ]);
  return { ...operation, ...Object.fromEntries(inCoreNames) };
}

function answerInLater(body: unknown): unknown {
  if (!isJsonObject(body) || body['kind'] === 'Status') return body;
  const { items } = body;
  if (!Array.isArray(items)) return objectInLater(body);
  return { ...body, apiVersion: later.version, items: items.map((item: object) => objectInLater(item)) };
}

/** The same object each time: what was made of it once is of use to all who see it. */
const shown = new WeakMap<object, object>();

function objectInLater(object: object): object {
  let made = shown.get(object);
  if (made === undefined) {
    made = { ...renamed(object as JsonObject, laterNames), apiVersion: later.version };
    shown.set(object, made);
  }
  return made;
}

function originInLater(origin: WatchOrigin): WatchOrigin {
  if (typeof origin !== 'object' || origin.change.previous === undefined) return origin;
  const previous = objectInLater(origin.change.previous) as typeof origin.change.previous;
  return { change: { ...origin.change, previous } };
}

function renamed(object: JsonObject, names: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [nameIn(names, name), value]));
}

function nameIn(names: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(names, name) ? names[name]! : name;
}
