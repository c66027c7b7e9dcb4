import { describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../harness/ports/agent.js';
import { podResource, type ApiObject } from './api-object.js';
import { defaultPod } from './default-pod.js';
import { ApiFailure } from './status-body.js';
import { createTestServer, testPod } from './testing-objects.js';

const pods = '/api/v1/namespaces/default/pods';
const strategic = { contentType: 'application/strategic-merge-patch+json' };

function namesOf(answer: { body: unknown }): string[] {
  return (answer.body as { items: ApiObject[] }).items.map((object) => object.metadata.name);
}

describe('lists', () => {
  test('select by fields and labels, over one namespace or all', () => {
    const { ask, store } = createTestServer();
    store.create(podResource, testPod('a', { metadata: { labels: { app: 'x' } }, spec: { nodeName: 'n1' } }));
    store.create(podResource, testPod('b', { metadata: { labels: { app: 'y' } }, spec: { nodeName: 'n2' } }));
    store.create(podResource, testPod('c', { metadata: { namespace: 'other' }, spec: { nodeName: 'n1' } }));
    const list = (query: Record<string, string>, path = '/api/v1/pods') =>
      namesOf(ask('GET', path, { query }));
    expect(list({})).toEqual(['a', 'b', 'c']);
    expect(list({}, pods)).toEqual(['a', 'b']);
    expect(list({ fieldSelector: 'spec.nodeName=n1' })).toEqual(['a', 'c']);
    expect(list({ fieldSelector: 'spec.nodeName==n1,metadata.namespace!=other' })).toEqual(['a']);
    expect(list({ fieldSelector: 'metadata.name=b' })).toEqual(['b']);
    expect(list({ labelSelector: 'app=x' })).toEqual(['a']);
    expect(list({ labelSelector: 'app!=x' })).toEqual(['b', 'c']);
    expect(list({ labelSelector: 'app in (x, y),app' })).toEqual(['a', 'b']);
    expect(list({ labelSelector: 'app notin (x)' })).toEqual(['b', 'c']);
    expect(list({ labelSelector: '!app' })).toEqual(['c']);
    expect(ask('GET', pods, { query: { fieldSelector: 'spec.colour=red' } }).status).toBe(400);
    const services = { query: { fieldSelector: 'spec.clusterIP!=None' } };
    expect(ask('GET', '/api/v1/services', services).status).toBe(200);
    expect(ask('GET', pods, { query: { labelSelector: 'a b c' } }).status).toBe(400);
  });

  test('come in consistent pages until the past is compacted', () => {
    const { ask, store } = createTestServer();
    for (const name of ['a', 'b', 'c']) store.create(podResource, testPod(name));
    const first = ask('GET', pods, { query: { limit: '2' } });
    const { metadata } = first.body as { metadata: { continue: string; remainingItemCount: number } };
    expect([namesOf(first), metadata.remainingItemCount]).toEqual([['a', 'b'], 1]);
    store.remove(podResource, 'default/c');
    const query = { limit: '2', continue: metadata.continue };
    expect(namesOf(ask('GET', pods, { query }))).toEqual(['c']);
    store.compact();
    expect(ask('GET', pods, { query })).toMatchObject({
      status: 410,
      body: { reason: 'Expired', code: 410 },
    });
    expect(ask('GET', pods, { query: { continue: '???' } }).status).toBe(400);
  });

  test('heed resourceVersion and its match', () => {
    const { ask, store } = createTestServer();
    store.create(podResource, testPod('a'));
    const old = String(store.revision());
    store.create(podResource, testPod('b'));
    const list = (query: Record<string, string>) => ask('GET', pods, { query });
    expect(namesOf(list({ resourceVersion: old, resourceVersionMatch: 'Exact' }))).toEqual(['a']);
    expect(namesOf(list({ resourceVersion: old }))).toEqual(['a', 'b']);
    expect(list({ resourceVersion: '999' }).status).toBe(504);
    expect(list({ resourceVersion: 'x' }).status).toBe(400);
    store.compact();
    expect(list({ resourceVersion: old, resourceVersionMatch: 'Exact' }).status).toBe(410);
    expect(namesOf(list({ resourceVersion: old }))).toEqual(['a', 'b']);
  });
});

describe('watches', () => {
  function open(server: ReturnType<typeof createTestServer>['server'], query: Record<string, string>) {
    const events: WatchEvent[] = [];
    const result = server.watch({ path: pods, query }, (event) => events.push(event));
    const seen = () => events.map((event) => `${event.type} ${event.object.metadata?.name ?? ''}`.trim());
    return { result, events, seen };
  }

  test('resume from any version that is not compacted, without loss or repetition', () => {
    const { server, store } = createTestServer();
    const created = store.create(podResource, testPod('a'));
    const from = created.metadata.resourceVersion!;
    store.put(podResource, { ...created, status: { phase: 'Running' } });
    const watching = open(server, { resourceVersion: from });
    store.remove(podResource, 'default/a');
    expect(watching.seen()).toEqual(['MODIFIED a', 'DELETED a']);
    store.compact();
    const late = open(server, { resourceVersion: from });
    expect(late.events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410 } }]);
    store.create(podResource, testPod('b'));
    expect(late.events.length).toBe(1);
  });

  test('see objects come and go as they begin and cease to match', () => {
    const { server, store } = createTestServer();
    const pod = store.create(podResource, testPod('a', { status: { phase: 'Pending' } }));
    const query = {
      fieldSelector: 'status.phase=Running',
      resourceVersion: pod.metadata.resourceVersion!,
    };
    const watching = open(server, query);
    const running = store.put(podResource, { ...pod, status: { phase: 'Running' } });
    store.put(podResource, { ...running, status: { phase: 'Failed' } });
    store.remove(podResource, 'default/a');
    expect(watching.seen()).toEqual(['ADDED a', 'DELETED a']);
  });

  test('stop when they are closed', () => {
    const { server, store } = createTestServer();
    const { result, seen } = open(server, { resourceVersion: '1' });
    store.create(podResource, testPod('a'));
    if ('open' in result) result.open.close();
    store.create(podResource, testPod('b'));
    expect(seen()).toEqual(['ADDED a']);
  });

  test('with sendInitialEvents send the present, then say that it is whole', () => {
    const { server, store } = createTestServer();
    store.create(podResource, testPod('a'));
    const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };
    const watching = open(server, { ...query, allowWatchBookmarks: 'true' });
    expect(watching.seen()).toEqual(['ADDED a', 'BOOKMARK']);
    expect(watching.events[1]!.object.metadata).toEqual({
      resourceVersion: String(store.revision()),
      annotations: { 'k8s.io/initial-events-end': 'true' },
    });
    const { result } = open(server, { sendInitialEvents: 'true' });
    expect(result).toMatchObject({ refused: { status: 422 } });
  });
});

describe('writes', () => {
  test('a creation needs a free name and a valid object', () => {
    const { ask } = createTestServer();
    const body = testPod('a', { metadata: { uid: 'chosen', resourceVersion: '7' } });
    const created = ask('POST', pods, { body });
    expect(created).toMatchObject({
      status: 201,
      body: { metadata: { uid: 'uid-1' }, status: { phase: 'Pending' } },
    });
    expect(ask('POST', pods, { body })).toMatchObject({ status: 409, body: { reason: 'AlreadyExists' } });
    const invalid = (object: unknown) => ask('POST', pods, { body: object }).status;
    expect(invalid('text')).toBe(400);
    expect(invalid({ kind: 'Node', metadata: { name: 'x' } })).toBe(400);
    expect(invalid(testPod('b', { metadata: { namespace: 'other' } }))).toBe(400);
    expect(invalid(testPod('Not_A_Name'))).toBe(422);
    expect(invalid(testPod('b', { spec: { containers: [] } }))).toBe(422);
    const twins = [{ name: 'x' }, { name: 'x' }];
    expect(invalid(testPod('b', { spec: { containers: twins } }))).toBe(422);
  });

  test('an update may be conditional on version and UID, and one that changes nothing makes no version', () => {
    const { ask, store } = createTestServer();
    const pod = store.create(podResource, defaultPod(testPod('a')));
    const path = `${pods}/a`;
    expect(ask('PUT', path, { body: pod }).body).toBe(pod);
    const changed = testPod('a', { metadata: { labels: { a: 'b' } } });
    expect(ask('PUT', path, { body: changed }).status).toBe(200);
    const stale = ask('PUT', path, { body: pod });
    expect(stale).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
    const otherUid = ask('PATCH', path, { body: { metadata: { uid: 'other' } }, ...strategic });
    expect(otherUid.status).toBe(409);
    expect(ask('PUT', `${pods}/b`, { body: changed }).status).toBe(404);
  });

  test('the status path writes status and metadata, the other one everything but the status', () => {
    const { ask } = createTestServer();
    ask('POST', pods, { body: testPod('a') });
    const spec = { activeDeadlineSeconds: 5 };
    const body = { metadata: { labels: { a: 'b' } }, spec, status: { phase: 'Running' } };
    const status = ask('PATCH', `${pods}/a/status`, { body, ...strategic }).body as ApiObject;
    expect(status).toMatchObject({ metadata: { labels: { a: 'b' } }, status: { phase: 'Running' } });
    expect(status.spec).not.toMatchObject(spec);
    const rest = ask('PATCH', `${pods}/a`, {
      body: { ...body, status: { phase: 'Failed' } },
      ...strategic,
    });
    expect(rest.body).toMatchObject({ spec, status: { phase: 'Running' } });
    expect(ask('PATCH', `${pods}/a/status`, { body, contentType: 'text/plain' }).status).toBe(415);
    expect(ask('GET', `${pods}/a/scale`).status).toBe(404);
  });

  test('a mirror annotation can be neither added nor taken away', () => {
    const { ask, store } = createTestServer();
    store.create(podResource, testPod('a'));
    const body = { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } };
    expect(ask('PATCH', `${pods}/a`, { body, ...strategic }).status).toBe(422);
  });

  test('a node writes its own pods only', () => {
    const { ask, store } = createTestServer({ node: 'n1' });
    store.create(podResource, testPod('mine', { spec: { nodeName: 'n1' } }));
    store.create(podResource, testPod('theirs', { spec: { nodeName: 'n2' } }));
    const patch = { body: { status: { phase: 'Running' } }, ...strategic };
    expect(ask('PATCH', `${pods}/mine/status`, patch).status).toBe(200);
    expect(ask('PATCH', `${pods}/theirs/status`, patch)).toMatchObject({
      status: 403,
      body: { reason: 'Forbidden' },
    });
    expect(ask('DELETE', `${pods}/theirs`).status).toBe(403);
    expect(ask('POST', pods, { body: testPod('new', { spec: { nodeName: 'n1' } }) }).status).toBe(403);
  });
});

describe('deletion', () => {
  test('leaves a bound pod with a timestamp, which later deletions only bring nearer', () => {
    const { ask, store, time } = createTestServer();
    const spec = { nodeName: 'n1', terminationGracePeriodSeconds: 20 };
    store.create(podResource, testPod('a', { spec }));
    const metadataAfter = (graceS?: number) => {
      const body = graceS === undefined ? {} : { body: { gracePeriodSeconds: graceS } };
      const { metadata } = ask('DELETE', `${pods}/a`, body).body as ApiObject;
      return [metadata.deletionTimestamp, metadata.deletionGracePeriodSeconds];
    };
    expect(metadataAfter()).toEqual(['2026-01-01T00:00:20Z', 20]);
    time.ms += 2_000;
    expect(metadataAfter(30)).toEqual(['2026-01-01T00:00:20Z', 20]);
    expect(metadataAfter(5)).toEqual(['2026-01-01T00:00:05Z', 5]);
    expect(store.list(podResource).length).toBe(1);
    metadataAfter(0);
    expect(store.list(podResource)).toEqual([]);
  });

  test.each([
    ['without a node', {}, undefined],
    ['that has finished', { nodeName: 'n1' }, { phase: 'Succeeded' }],
  ])('takes a pod %s away at once', (_name, spec, status) => {
    const { ask, store } = createTestServer();
    store.create(podResource, testPod('a', { spec, ...(status === undefined ? {} : { status }) }));
    expect(ask('DELETE', `${pods}/a`).status).toBe(200);
    expect(store.list(podResource)).toEqual([]);
  });

  test('heeds preconditions', () => {
    const { ask, store } = createTestServer();
    const pod = store.create(podResource, testPod('a'));
    const deleteIf = (preconditions: object) =>
      ask('DELETE', `${pods}/a`, { body: { gracePeriodSeconds: 0, preconditions } }).status;
    expect(deleteIf({ uid: 'other' })).toBe(409);
    expect(deleteIf({ resourceVersion: '1' })).toBe(409);
    const { uid, resourceVersion } = pod.metadata;
    expect(deleteIf({ uid, resourceVersion })).toBe(200);
    expect(deleteIf({ uid })).toBe(404);
  });

  test('waits for finalizers', () => {
    const { ask, store } = createTestServer();
    store.create(podResource, testPod('a', { metadata: { finalizers: ['example.org/wait'] } }));
    ask('DELETE', `${pods}/a`, { body: { gracePeriodSeconds: 0 } });
    expect(store.list(podResource)[0]!.metadata.deletionTimestamp).toBeDefined();
    const body = { metadata: { finalizers: null } };
    ask('PATCH', `${pods}/a`, { body, contentType: 'application/merge-patch+json' });
    expect(store.list(podResource)).toEqual([]);
  });
});

test('other resources, health and version are there; unknown paths and methods are not', () => {
  const { ask } = createTestServer();
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  const lease = { kind: 'Lease', metadata: { name: 'n1' }, spec: { holderIdentity: 'n1' } };
  expect(ask('POST', leases, { body: lease }).status).toBe(201);
  expect(ask('GET', `${leases}/n1`).body).toMatchObject({ spec: { holderIdentity: 'n1' } });
  expect(ask('POST', '/api/v1/nodes', { body: { kind: 'Node', metadata: { name: 'n1' } } }).status).toBe(201);
  expect(ask('GET', '/api/v1/nodes/n1').status).toBe(200);
  expect(ask('GET', '/healthz').body).toBe('ok');
  expect(ask('GET', '/version').status).toBe(200);
  expect(ask('GET', '/api/v1/unknown').status).toBe(404);
  expect(ask('GET', '/api/v1/pods/%zz').status).toBe(404);
  expect(ask('PUT', pods).status).toBe(405);
  expect(ask('PATCH', '/api/v1/nodes').status).toBe(405);
});

test('a failure that becomes an answer has no stack, and errors after it have theirs', () => {
  expect(new ApiFailure(404, 'pods "a" not found').stack).not.toContain('\n    at ');
  expect(new Error('of the harness').stack).toContain('\n    at ');
});
