import { describe, expect, test } from 'vitest';
import { nodeResource, podResource, type ApiObject } from './api-object.js';
import { defaultPod } from './default-pod.js';
import { createTestServer, testPod } from './testing-objects.js';

const pods = '/api/v1/namespaces/default/pods';
const strategic = { contentType: 'application/strategic-merge-patch+json' };
const merge = { contentType: 'application/merge-patch+json' };
const jsonPatch = { contentType: 'application/json-patch+json' };

function metadataOf(answer: { body: unknown }): ApiObject['metadata'] {
  return (answer.body as ApiObject).metadata;
}

describe('a write of a status', () => {
  function nodeServer(node = 'n1') {
    const test = createTestServer({ node });
    const object = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels: { a: 'b' } }, spec: {} };
    test.store.create(nodeResource, { ...object, status: { capacity: { cpu: '1' } } });
    return test;
  }

  test('of a node brings labels and annotations along, and leaves the spec', () => {
    const { ask } = nodeServer();
    const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
    const body = { metadata: { labels, annotations: { c: 'd' } }, spec: { unschedulable: true } };
    const patched = ask('PATCH', '/api/v1/nodes/n1/status', { body, ...strategic });
    expect(patched).toMatchObject({ status: 200, body: { metadata: { labels: { a: 'b', ...labels } } } });
    expect(patched.body).toMatchObject({ metadata: { annotations: { c: 'd' } }, spec: {} });
    expect((patched.body as ApiObject).spec).toEqual({});
    expect((patched.body as ApiObject).status).toEqual({ capacity: { cpu: '1' } });
    const whole = { kind: 'Node', metadata: { name: 'n1', labels }, status: { capacity: { cpu: '2' } } };
    const put = ask('PUT', '/api/v1/nodes/n1/status', { body: whole });
    expect(put).toMatchObject({ status: 200, body: { spec: {}, status: { capacity: { cpu: '2' } } } });
    expect(metadataOf(put).labels).toEqual(labels);
  });

  test('of a pod may change annotations, and labels unless it is a node that writes', () => {
    for (const [node, status] of [
      [undefined, 200],
      ['n1', 403],
    ] as const) {
      const { ask, store } = createTestServer(node === undefined ? {} : { node });
      store.create(podResource, testPod('a', { spec: { nodeName: 'n1' } }));
      const write = (metadata: object) =>
        ask('PATCH', `${pods}/a/status`, { body: { metadata }, ...strategic });
      expect(write({ annotations: { c: 'd' } })).toMatchObject({
        status: 200,
        body: { metadata: { annotations: { c: 'd' } } },
      });
      expect(write({ labels: { a: 'b' } }).status).toBe(status);
      expect(write({ annotations: { 'kubernetes.io/config.mirror': 'x' } }).status).toBe(422);
    }
  });

  test('cannot change what belongs to the server, nor owners', () => {
    const { ask, store, time } = createTestServer();
    store.create(podResource, testPod('a', { spec: { nodeName: 'n1' }, metadata: { generation: 1 } }));
    const before = metadataOf(ask('DELETE', `${pods}/a`));
    time.ms += 1_000;
    const metadata = {
      generation: 7,
      creationTimestamp: null,
      deletionTimestamp: null,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'x' }],
    };
    const after = ask('PATCH', `${pods}/a/status`, {
      body: { metadata, status: { reason: 'x' } },
      ...strategic,
    });
    const { resourceVersion: _before, ...kept } = before;
    const { resourceVersion: _after, ...now } = metadataOf(after);
    expect(now).toEqual(kept);
    const renamed = ask('PATCH', `${pods}/a/status`, { body: { metadata: { name: 'b' } }, ...strategic });
    expect(renamed.status).toBe(400);
  });

  test('needs no spec', () => {
    const { ask, store } = createTestServer();
    const { spec } = store.create(podResource, testPod('a', { spec: { nodeName: 'n1' } }));
    const body = { kind: 'Pod', metadata: { name: 'a' }, status: { phase: 'Running' } };
    const put = ask('PUT', `${pods}/a/status`, { body });
    expect(put).toMatchObject({ status: 200, body: { spec, status: { phase: 'Running' } } });
  });

  test('that changes nothing makes no version, however it is written', () => {
    const { ask, store } = createTestServer();
    const metadata = { labels: { a: 'b' }, annotations: { c: 'd' } };
    const pod = store.create(podResource, testPod('a', { metadata, status: { phase: 'Running' } }));
    const path = `${pods}/a/status`;
    expect(ask('PUT', path, { body: structuredClone(pod) }).body).toBe(pod);
    expect(ask('PATCH', path, { body: {}, ...merge }).body).toBe(pod);
    const body = [{ op: 'replace', path: '/status/phase', value: 'Failed' }];
    const changed = ask('PATCH', path, { body, ...jsonPatch }).body as ApiObject;
    // Who looks whether they have changed compares them by identity.
    expect(changed.metadata.labels).toBe(pod.metadata.labels);
    expect(changed.metadata.annotations).toBe(pod.metadata.annotations);
    expect(changed.spec).toBe(pod.spec);
  });
});

describe('the generation of a pod', () => {
  test('counts what its spec becomes, and nothing else', () => {
    const { ask, store } = createTestServer();
    const pod = store.create(podResource, defaultPod(testPod('a', { metadata: { generation: 1 } })));
    const put = (image: string, metadata: object = {}) =>
      ask('PUT', `${pods}/a`, {
        body: testPod('a', { metadata, spec: { containers: [{ name: 'main', image }] } }),
      });
    expect(metadataOf(put('workload', { labels: { a: 'b' } })).generation).toBe(1);
    expect(metadataOf(put('other', { generation: 40 })).generation).toBe(2);
    const body = { spec: { containers: [{ name: 'main', image: 'third' }] } };
    expect(metadataOf(ask('PATCH', `${pods}/a`, { body, ...strategic })).generation).toBe(3);
    expect(pod.metadata.generation).toBe(1);
  });
});

describe('a lease', () => {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  const body = (holderIdentity: string, metadata: object = {}) => ({
    kind: 'Lease',
    metadata: { name: 'n1', ...metadata },
    spec: { holderIdentity },
  });

  test('that is not there is created by an update', () => {
    const { ask } = createTestServer();
    const put = ask('PUT', `${leases}/n1`, { body: body('a', { resourceVersion: '7' }) });
    expect(put).toMatchObject({ status: 201, body: { metadata: { name: 'n1', uid: 'uid-1' } } });
    const other = ask('PUT', `${leases}/n2`, { body: { metadata: { name: 'n2', uid: 'of-another' } } });
    expect(other).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
    expect(ask('PUT', `${leases}/n3`, { body: { metadata: { name: 'n4' } } }).status).toBe(400);
    expect(ask('PUT', '/api/v1/nodes/n1', { body: { metadata: { name: 'n1' } } }).status).toBe(404);
    expect(ask('PATCH', `${leases}/n2`, { body: {}, ...merge }).status).toBe(404);
  });

  test('is updated only by who says which version', () => {
    const { ask } = createTestServer();
    const { resourceVersion } = metadataOf(ask('POST', leases, { body: body('a') }));
    const put = (metadata: object) => ask('PUT', `${leases}/n1`, { body: body('b', metadata) });
    expect(put({})).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
    expect(put({ resourceVersion: '1' }).status).toBe(409);
    expect(put({ resourceVersion }).status).toBe(200);
    expect(ask('PATCH', `${leases}/n1`, { body: { spec: {} }, ...merge }).status).toBe(200);
  });
});
