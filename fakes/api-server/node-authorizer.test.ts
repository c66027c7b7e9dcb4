import { expect, test } from 'vitest';
import { nodeResource, podResource } from './api-object.js';
import { createTestServer, testPod } from './testing-objects.js';

const pods = '/api/v1/namespaces/default/pods';
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const contentType = 'application/merge-patch+json';

/** A server that takes its clients for node n1. */
function setUp() {
  const { ask, store } = createTestServer({ node: 'n1' });
  const node = (name: string) =>
    store.create(nodeResource, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
  const { uid } = node('n1').metadata;
  node('n2');
  store.create(podResource, testPod('mine', { spec: { nodeName: 'n1' } }));
  return { ask, store, uid };
}

test('of a pod a node changes only the status', () => {
  const { ask, store } = setUp();
  const body = { metadata: { labels: { a: 'b' } } };
  const refused = ask('PATCH', `${pods}/mine`, { contentType, body });
  expect(refused).toMatchObject({ status: 403, body: { reason: 'Forbidden' } });
  expect(ask('PUT', `${pods}/mine`, { body: store.list(podResource)[0] }).status).toBe(403);
  expect(ask('PATCH', `${pods}/nobody`, { contentType, body }).status).toBe(403);
  const status = { phase: 'Running' };
  expect(ask('PATCH', `${pods}/mine/status`, { contentType, body: { status } }).status).toBe(200);
  expect(ask('GET', `${pods}/mine`).body).toMatchObject({ status });
  expect((ask('GET', `${pods}/mine`).body as { metadata: object }).metadata).not.toHaveProperty('labels');
});

test('a node deletes pods one by one', () => {
  const { ask, store } = setUp();
  expect(ask('DELETE', pods).status).toBe(403);
  expect(store.list(podResource)[0]!.metadata).not.toHaveProperty('deletionTimestamp');
  expect(ask('DELETE', `${pods}/mine`, { body: { gracePeriodSeconds: 0 } }).status).toBe(200);
});

test('a mirror belongs to its node', () => {
  const { ask, uid } = setUp();
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid, controller: true };
  const mirror = (ownerReferences?: object[], name = 'mirror') => {
    const annotations = { 'kubernetes.io/config.mirror': 'hash' };
    const metadata = { annotations, ...(ownerReferences === undefined ? {} : { ownerReferences }) };
    return ask('POST', pods, { body: testPod(name, { metadata, spec: { nodeName: 'n1' } }) }).status;
  };
  const { controller: _controller, ...uncontrolled } = owner;
  for (const owners of [
    [],
    [owner, owner],
    [{ ...owner, uid: 'other' }],
    [{ ...owner, name: 'n2' }],
    [{ ...owner, kind: 'Pod' }],
    [{ ...owner, apiVersion: 'v2' }],
    [{ ...owner, blockOwnerDeletion: true }],
    [uncontrolled],
  ])
    expect([owners, mirror(owners)]).toEqual([owners, 403]);
  expect(mirror([owner], 'owned')).toBe(201);
  expect(mirror(undefined)).toBe(403);
});

test('a node writes itself and its lease, and those of no other', () => {
  const { ask } = setUp();
  const body = { metadata: { labels: { a: 'b' } } };
  const patch = (path: string) => ask('PATCH', path, { contentType, body }).status;
  expect(patch('/api/v1/nodes/n1')).toBe(200);
  expect(patch('/api/v1/nodes/n1/status')).toBe(200);
  expect(patch('/api/v1/nodes/n2')).toBe(403);
  expect(patch('/api/v1/nodes/n2/status')).toBe(403);
  expect(ask('DELETE', '/api/v1/nodes/n2').status).toBe(403);
  expect(ask('DELETE', '/api/v1/nodes').status).toBe(403);
  expect(ask('POST', '/api/v1/nodes', { body: { metadata: { name: 'n3' } } }).status).toBe(403);
  expect(ask('POST', leases, { body: { metadata: { name: 'n2' } } }).status).toBe(403);
  expect(ask('POST', leases, { body: { metadata: { name: 'n1' } } }).status).toBe(201);
  expect(patch(`${leases}/n1`)).toBe(200);
  expect(patch(`${leases}/n2`)).toBe(403);
  const elsewhere = leases.replace('kube-node-lease', 'default');
  expect(ask('POST', elsewhere, { body: { metadata: { name: 'n1' } } }).status).toBe(403);
  expect(ask('GET', '/api/v1/nodes/n2').status).toBe(200);
});
