import type { ApiServer } from '../../../fakes/api-server/api-server.js';
import type { ApiStore } from '../../../fakes/api-server/api-store.js';
import { podResource, type ApiObject } from '../../../fakes/api-server/api-object.js';
import { matcherOf, type Matcher } from '../../../fakes/api-server/selectors.js';
import { ApiFailure } from '../../../fakes/api-server/status-body.js';
import type { Route } from '../../../fakes/api-server/route.js';
import type { ApiRequest, SourceServed } from '../../trace/events.js';
import type { Pod } from '../../spec/pod.js';
import { apiResourceNames, type ApiResourceName, type Fault } from '../../spec/plan.js';
import type { SourceContext, SourcePoint } from '../../ports/source.js';
import type { CatchUp } from '../catch-up.js';

/** How long messages take when nothing disturbs them, in milliseconds. */
export interface Latencies {
  readonly replyMs: number;
  readonly eventMs: number;
}

/** What requests and watches share. */
export interface GateContext {
  readonly source: SourceContext;
  readonly store: ApiStore;
  readonly server: ApiServer;
  readonly wallClock: () => number;
  readonly latencies: Latencies;
  /** Of `source.held`. */
  readonly heldRevision: () => number;
  readonly isOut: () => boolean;
  readonly catchUp: CatchUp;
}

/** How old stale data are when the fault does not say, and how long a delay is, in milliseconds. */
export const faultDefaultMs = 1_000;

type ApiPoint = Extract<SourcePoint, { source: 'api' }>;

const addressable: ReadonlySet<string> = new Set(apiResourceNames);

/** The fault that hits this request or event. */
export function faultAt(
  { source }: GateContext,
  request: ApiPoint['request'],
  { resource, namespace, name, subresource }: Route,
): Fault | undefined {
  if (!addressable.has(resource.name)) return undefined;
  return source.disturbances.fault({
    source: 'api',
    request,
    resource: resource.name as ApiResourceName,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  });
}

/** Whether a list or watch of this scope shows the agent all pods of its node. */
export function showsAllPods(
  { source, store }: GateContext,
  route: Route,
  query: Readonly<Record<string, string>>,
): boolean {
  if (route.resource !== podResource || route.namespace !== undefined || route.name !== undefined)
    return false;
  const { nodeName } = source;
  const matches = matcherIn(query);
  // One that asks for more than the node is of some pods only, even when there are no others now.
  const anyPod: ApiObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: '' }, spec: { nodeName } };
  if (matches === undefined || !matches(anyPod)) return false;
  return store.list(podResource).every((pod) => (pod as Pod).spec.nodeName !== nodeName || matches(pod));
}

/** Undefined when the server refuses such a selector. */
function matcherIn(query: Readonly<Record<string, string>>): Matcher | undefined {
  try {
    return matcherOf(podResource, query);
  } catch (error) {
    if (error instanceof ApiFailure) return undefined;
    throw error;
  }
}

type Served = Omit<SourceServed, 'kind' | 'actor' | 'source'>;

export function recordServed({ source, catchUp }: GateContext, served: Served): void {
  if (served.outcome === 'error' && served.detail === 'status 410') catchUp.noteGone();
  source.journal.record({ kind: 'source.served', actor: 'source:api', source: 'api', ...served });
}

type Asked = Omit<ApiRequest, 'kind' | 'actor' | 'resource' | 'namespace' | 'name' | 'subresource'>;

export function recordRequest({ source }: GateContext, route: Route, asked: Asked): void {
  const { resource, namespace, name, subresource } = route;
  source.journal.record({
    kind: 'api.request',
    actor: 'agent',
    resource: resource.name,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...asked,
  });
}
