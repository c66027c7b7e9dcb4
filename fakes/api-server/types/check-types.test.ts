import { describe, expect, test } from 'vitest';
import { podResource, type ApiObject } from '../api-object.js';
import type { JsonObject } from '../patch/json-data.js';
import { createTestServer, testPod } from '../testing-objects.js';
import { checkTypes } from './check-types.js';

const pods = '/api/v1/namespaces/default/pods';
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const merge = { contentType: 'application/merge-patch+json' };
const strategic = { contentType: 'application/strategic-merge-patch+json' };

function messageOf(answer: { body: unknown }): string {
  return (answer.body as { message: string }).message;
}

describe('a write of the wrong type is refused, and nothing is stored', () => {
  test.each([
    ['startTime', { startTime: 1_700_000_000 }, 'number', 'string'],
    ['startTime', { startTime: 'yesterday' }, 'yesterday', ''],
    ['containerStatuses', { containerStatuses: {} }, 'object', 'array'],
    ['containerStatuses', { containerStatuses: [null] }, 'null', 'object'],
    ['restartCount', { containerStatuses: [{ name: 'main', restartCount: '3' }] }, 'string', 'int32'],
    ['restartCount', { containerStatuses: [{ name: 'main', restartCount: 1.5 }] }, 'number', 'int32'],
    ['ready', { containerStatuses: [{ name: 'main', ready: 'yes' }] }, 'string', 'boolean'],
    [
      'exitCode',
      { initContainerStatuses: [{ state: { terminated: { exitCode: '0' } } }] },
      'string',
      'int32',
    ],
    ['conditions', { conditions: 'x' }, 'string', 'array'],
    ['conditions', { conditions: [{ type: 'Ready', status: true }] }, 'bool', 'string'],
    ['podIPs', { podIPs: ['10.0.0.1'] }, 'string', 'object'],
    ['hostIPs', { hostIPs: '10.0.0.1' }, 'string', 'array'],
  ])('%s in the status of a pod: %j', (field, status, found, wanted) => {
    const { ask, store } = createTestServer();
    store.create(podResource, testPod('a', { status: { phase: 'Pending' } }));
    const before = store.revision();
    const patch = ask('PATCH', `${pods}/a/status`, { body: { status }, ...merge });
    expect(patch).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
    for (const word of [field, found, wanted]) expect(messageOf(patch)).toContain(word);
    const put = ask('PUT', `${pods}/a/status`, { body: testPod('a', { status }) });
    expect(put).toMatchObject({ status: 400, body: { reason: 'BadRequest' } });
    expect(store.revision()).toBe(before);
  });

  test.each([
    ['a label', { labels: { a: 1 } }],
    ['labels', { labels: ['a'] }],
    ['an annotation', { annotations: { a: true } }],
    ['finalizers', { finalizers: 'x' }],
    ['an owner', { ownerReferences: [{ controller: 'yes' }] }],
  ])('%s of any object', (_name, metadata) => {
    const { ask } = createTestServer();
    for (const [path, kind] of [
      ['/api/v1/nodes', 'Node'],
      ['/api/v1/namespaces/default/configmaps', 'ConfigMap'],
    ] as const) {
      const answer = ask('POST', path, { body: { kind, metadata: { name: 'x', ...metadata } } });
      expect(answer).toMatchObject({ status: 400, body: { reason: 'BadRequest' } });
    }
    expect(ask('POST', pods, { body: testPod('b', { metadata }) }).status).toBe(400);
  });

  test.each<[string, string, string, object]>([
    ['/api/v1/nodes', 'Node', 'capacity', { status: { capacity: { cpu: true } } }],
    ['/api/v1/nodes', 'Node', 'status', { status: { conditions: [{ type: 'Ready', status: true }] } }],
    ['/api/v1/nodes', 'Node', 'addresses', { status: { addresses: { InternalIP: '10.0.0.1' } } }],
    [leases, 'Lease', 'renewTime', { spec: { renewTime: '2026-01-01T00:00:00Z' } }],
    [leases, 'Lease', 'leaseDurationSeconds', { spec: { leaseDurationSeconds: '40' } }],
    ['/api/v1/namespaces/default/events', 'Event', 'count', { count: '1' }],
    ['/api/v1/namespaces/default/events', 'Event', 'involvedObject', { involvedObject: 'pod' }],
    [pods, 'Pod', 'command', { spec: { containers: [{ name: 'main', command: 'sleep 1' }] } }],
    [pods, 'Pod', 'value', { spec: { containers: [{ name: 'main', env: [{ name: 'A', value: 1 }] }] } }],
    ['/api/v1/namespaces/default/configmaps', 'ConfigMap', 'data', { data: { a: 1 } }],
    ['/apis/storage.k8s.io/v1/csinodes', 'CSINode', 'spec', { spec: 'x' }],
  ])('%s %s: %s', (path, kind, field, parts) => {
    const { ask } = createTestServer();
    const answer = ask('POST', path, { body: { kind, metadata: { name: 'x' }, ...parts } });
    expect(answer).toMatchObject({ status: 400, body: { reason: 'BadRequest' } });
    expect(messageOf(answer)).toContain(`${kind} in version`);
    expect(messageOf(answer)).toContain(field);
  });

  test.each([[null], ['text'], [7], [[{}]]])('a merge patch that is %j', (body) => {
    const { ask, store } = createTestServer();
    store.create(podResource, testPod('a', { status: { phase: 'Running' } }));
    for (const path of [`${pods}/a/status`, `${pods}/a`]) {
      expect(ask('PATCH', path, { body, ...merge })).toMatchObject({ status: 400 });
      expect(ask('PATCH', path, { body, ...strategic })).toMatchObject({ status: 400 });
    }
    expect(store.get(podResource, 'default/a')!.status).toEqual({ phase: 'Running' });
  });

  test('a JSON patch that leaves no object', () => {
    const { ask, store } = createTestServer();
    store.create(podResource, testPod('a', { status: { phase: 'Running' } }));
    const contentType = 'application/json-patch+json';
    for (const value of [null, 'text', []]) {
      const body = [{ op: 'replace', path: '', value }];
      expect(ask('PATCH', `${pods}/a/status`, { body, contentType }).status).toBe(422);
    }
    const body = [{ op: 'replace', path: '/metadata', value: 'x' }];
    expect(ask('PATCH', `${pods}/a/status`, { body, contentType }).status).toBe(422);
  });
});

test('a field of the version before is not checked again, and any other one is', () => {
  const { kind, apiVersion, metadata } = testPod('a') as unknown as JsonObject;
  const spec = { containers: 'many' };
  const known = { kind, apiVersion, metadata, spec } as JsonObject;
  const next = { ...known, status: { phase: 'Running' } };
  expect(checkTypes(podResource, next, 'patch', known)).toEqual(next);
  expect(() => checkTypes(podResource, { ...next, spec: { ...spec } }, 'patch', known)).toThrow(/containers/);
  expect(() => checkTypes(podResource, { ...next, status: { phase: 1 } }, 'patch', known)).toThrow(/phase/);
  expect(() => checkTypes(podResource, next, 'patch')).toThrow(/containers/);
});

test('what is unknown is kept, and what is null counts as not said', () => {
  const { ask } = createTestServer();
  const status = { phase: 'Running', startTime: null, ofTomorrow: { a: 1 } };
  ask('POST', pods, { body: testPod('a', { metadata: { creationTimestamp: null } }) });
  const put = ask('PUT', `${pods}/a/status`, { body: testPod('a', { status }) });
  expect(put.status).toBe(200);
  const stored = (put.body as ApiObject).status;
  expect(stored).toMatchObject({ phase: 'Running', ofTomorrow: { a: 1 } });
  expect(stored).not.toHaveProperty('startTime');
});

test('times, quantities and ports may be written in all the ways that there are', () => {
  const { ask } = createTestServer();
  const times = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.123Z', '2026-01-01T00:00:00+02:00'];
  ask('POST', pods, { body: testPod('a') });
  for (const startTime of times) {
    const body = { status: { startTime } };
    expect(ask('PATCH', `${pods}/a/status`, { body, ...strategic }).status).toBe(200);
  }
  const spec = { renewTime: '2026-01-01T00:00:00.000000Z', leaseDurationSeconds: 40 };
  expect(ask('POST', leases, { body: { metadata: { name: 'n' }, spec } }).status).toBe(201);
  const probe = (port: unknown) => ({ httpGet: { port } });
  const containers = [
    { name: 'a', readinessProbe: probe(80), resources: { limits: { cpu: 1, memory: '1Gi' } } },
    { name: 'b', readinessProbe: probe('web') },
  ];
  expect(ask('POST', pods, { body: testPod('b', { spec: { containers } }) }).status).toBe(201);
});
