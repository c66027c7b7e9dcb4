import { expect, test } from 'vitest';
import { podResource } from './api-object.js';
import { furnish, furnishContents } from './furnish.js';
import { createTestServer, testPod } from './testing-objects.js';

/** What clients other than node agents need of the server. */
const pods = '/api/v1/namespaces/default/pods';
const aggregated = (version: string) =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList,application/json`;

test('tells what it serves, one group at a time or all at once', () => {
  const { ask } = createTestServer();
  expect(ask('GET', '/api').body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
  const groups = (ask('GET', '/apis').body as { groups: { name: string }[] }).groups.map(({ name }) => name);
  expect(groups).toEqual(['coordination.k8s.io', 'events.k8s.io', 'node.k8s.io', 'storage.k8s.io']);
  expect(ask('GET', '/apis/node.k8s.io').body).toMatchObject({ kind: 'APIGroup', name: 'node.k8s.io' });
  const { resources } = ask('GET', '/api/v1').body as {
    resources: { name: string; shortNames?: string[] }[];
  };
  expect(resources.find(({ name }) => name === 'pods')?.shortNames).toEqual(['po']);
  expect(resources.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['pods/eviction', 'pods/log', 'nodes/status', 'serviceaccounts/token']),
  );
  const all = ask('GET', '/apis', { accept: aggregated('v2') });
  expect(all.contentType).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
  expect(all.body).toMatchObject({
    items: [
      { metadata: { name: 'coordination.k8s.io' }, versions: [{ resources: [{ resource: 'leases' }] }] },
      {},
      {},
      {},
    ],
  });
  const older = ask('GET', '/api', { accept: aggregated('v2beta1') });
  expect(older.body).toMatchObject({ apiVersion: 'apidiscovery.k8s.io/v2beta1', items: [{ metadata: {} }] });
  expect(ask('GET', '/api', { accept: aggregated('v9') }).body).toMatchObject({ kind: 'APIVersions' });
  expect(ask('GET', '/apis/no.such.group').status).toBe(404);
});

test('has OpenAPI documents in which every reference leads somewhere', () => {
  const { ask } = createTestServer();
  const paths = (ask('GET', '/openapi/v3').body as { paths: Record<string, { serverRelativeURL: string }> })
    .paths;
  const documents = Object.values(paths).map(({ serverRelativeURL }) =>
    ask('GET', serverRelativeURL.split('?')[0]!),
  );
  expect(documents).toHaveLength(5);
  for (const { status, body } of [...documents, ask('GET', '/openapi/v2')]) {
    expect(status).toBe(200);
    for (const [, reference] of JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = reference!.split('/').reduce<unknown>((node, word) => (node as never)?.[word], body);
      expect(target, reference).toBeDefined();
    }
  }
  expect(ask('GET', '/openapi/v3/api/v9').status).toBe(404);
});

test('checks fields where it is asked to, and only asks when told so', () => {
  const { ask, store } = createTestServer();
  const body = { ...testPod('a'), spce: {}, metadata: { name: 'a', lables: {} } };
  expect(ask('POST', pods, { body, query: { fieldValidation: 'Strict' } })).toMatchObject({
    status: 400,
    body: { message: 'strict decoding error: unknown field "spce", unknown field "metadata.lables"' },
  });
  expect(ask('POST', pods, { body: testPod('b'), query: { dryRun: 'All' } }).status).toBe(201);
  expect(store.list(podResource)).toEqual([]);
  expect(ask('POST', pods, { body }).status).toBe(201);
  const merge = { contentType: 'application/merge-patch+json', body: { metadata: { labels: { x: 'y' } } } };
  const dry = ask('PATCH', `${pods}/a`, { ...merge, query: { dryRun: 'All' } });
  expect(dry.body).toMatchObject({ metadata: { labels: { x: 'y' } } });
  expect(ask('DELETE', `${pods}/a`, { query: { dryRun: 'All' } }).status).toBe(200);
  expect((ask('GET', `${pods}/a`).body as { metadata: object }).metadata).not.toHaveProperty('labels');
  expect(ask('DELETE', `${pods}/a`, { query: { dryRun: 'Some' } }).status).toBe(400);
});

test('completes names, and encodes what secrets say as text', () => {
  const { ask } = createTestServer();
  const unnamed = { metadata: { generateName: 'web-' }, spec: { containers: [{ name: 'a', image: 'i' }] } };
  const names = [1, 2].map(
    () => (ask('POST', pods, { body: unnamed }).body as { metadata: { name: string } }).metadata.name,
  );
  expect(new Set(names).size).toBe(2);
  for (const name of names) expect(name).toMatch(/^web-[a-z0-9]{5}$/);
  const secret = { metadata: { name: 's' }, stringData: { a: 'b' }, data: { c: 'ZA==' } };
  const { body } = ask('POST', '/api/v1/namespaces/default/secrets', { body: secret });
  expect(body).toMatchObject({ data: { a: 'Yg==', c: 'ZA==' } });
  expect(body).not.toHaveProperty('stringData');
});

test('binds a pod once', () => {
  const { ask } = createTestServer();
  ask('POST', pods, { body: testPod('a') });
  const body = { target: { kind: 'Node', name: 'node-1' } };
  expect(ask('POST', `${pods}/a/binding`, { body: { target: {} } }).status).toBe(422);
  expect(ask('POST', `${pods}/a/binding`, { body: { ...body, metadata: { uid: 'x' } } }).status).toBe(409);
  expect(ask('POST', `${pods}/a/binding`, { body })).toMatchObject({
    status: 201,
    body: { status: 'Success' },
  });
  expect(ask('GET', `${pods}/a`).body).toMatchObject({
    spec: { nodeName: 'node-1' },
    status: { conditions: [{ type: 'PodScheduled', status: 'True' }] },
  });
  expect(ask('POST', `${pods}/a/binding`, { body })).toMatchObject({
    status: 409,
    body: { reason: 'Conflict', details: { name: 'a', kind: 'pods' } },
  });
  expect(ask('GET', `${pods}/a/binding`).status).toBe(405);
  const { ask: askAsNode } = createTestServer({ node: 'node-1' });
  expect(askAsNode('POST', `${pods}/a/binding`, { body }).status).toBe(404);
});

test('evicts with the options of a deletion', () => {
  const { ask } = createTestServer();
  const uid = (
    ask('POST', pods, { body: testPod('a', { spec: { nodeName: 'n' } }) }).body as {
      metadata: { uid: string };
    }
  ).metadata.uid;
  const evict = (deleteOptions: object) => ask('POST', `${pods}/a/eviction`, { body: { deleteOptions } });
  expect(evict({ preconditions: { uid: 'other' } }).status).toBe(409);
  expect(evict({ preconditions: { uid }, gracePeriodSeconds: 7 }).status).toBe(201);
  expect(ask('GET', `${pods}/a`).body).toMatchObject({ metadata: { deletionGracePeriodSeconds: 7 } });
});

test('issues tokens for service accounts that are there', () => {
  const { ask } = createTestServer();
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  const body = { spec: { audiences: ['x'], expirationSeconds: 700 } };
  expect(ask('POST', `${accounts}/a/token`, { body }).status).toBe(404);
  ask('POST', accounts, { body: { metadata: { name: 'a' } } });
  const { status, body: issued } = ask('POST', `${accounts}/a/token`, { body });
  const { token, expirationTimestamp } = (issued as { status: Record<string, string> }).status;
  expect([status, expirationTimestamp]).toEqual([201, '2026-01-01T00:11:40Z']);
  const claims = JSON.parse(Buffer.from(token!.split('.')[1]!, 'base64url').toString()) as unknown;
  expect(claims).toMatchObject({ aud: ['x'], sub: 'system:serviceaccount:default:a' });
  expect(ask('POST', `${accounts}/a/token`, { body: { spec: { expirationSeconds: 1 } } }).status).toBe(422);
});

test('a namespace is asked for where there are any, and goes when its last pod has gone', async () => {
  const { ask, store } = createTestServer();
  furnish(store, { namespaces: ['one'], authority: 'PEM' });
  const inOne = '/api/v1/namespaces/one/pods';
  expect(
    ask('POST', '/api/v1/namespaces/two/pods', { body: testPod('a', { metadata: { namespace: 'two' } }) }),
  ).toMatchObject({ status: 404, body: { message: 'namespaces "two" not found' } });
  const pod = testPod('a', { metadata: { namespace: 'one' }, spec: { nodeName: 'n' } });
  expect(ask('POST', inOne, { body: pod }).status).toBe(201);
  expect(ask('GET', '/api/v1/namespaces/one/configmaps/kube-root-ca.crt').body).toMatchObject({
    data: { 'ca.crt': 'PEM' },
  });
  expect(ask('DELETE', '/api/v1/namespaces/one').body).toMatchObject({ status: { phase: 'Terminating' } });
  expect(ask('GET', `${inOne}/a`).body).toMatchObject({ metadata: { deletionGracePeriodSeconds: 30 } });
  expect(ask('POST', inOne, { body: { ...pod, metadata: { name: 'b' } } }).status).toBe(403);
  expect(ask('DELETE', `${inOne}/a`, { body: { gracePeriodSeconds: 0 } }).status).toBe(200);
  await Promise.resolve();
  expect(ask('GET', '/api/v1/namespaces/one').status).toBe(404);
  const {
    ask: askOther,
    store: other,
    server,
  } = createTestServer({
    onNamespace: (name: string) => furnishContents(other, name, 'PEM'),
  });
  expect(server).toBeDefined();
  askOther('POST', '/api/v1/namespaces', { body: { metadata: { name: 'new' } } });
  expect(askOther('GET', '/api/v1/namespaces/new/serviceaccounts/default').status).toBe(200);
});

test('deletes a whole collection, as far as it is selected', () => {
  const { ask } = createTestServer();
  for (const name of ['a', 'b'])
    ask('POST', pods, { body: testPod(name, { metadata: { labels: { name } } }) });
  expect(ask('DELETE', pods, { query: { labelSelector: 'name=a' } }).status).toBe(200);
  expect((ask('GET', pods).body as { items: unknown[] }).items).toMatchObject([{ metadata: { name: 'b' } }]);
});

test('refuses lists that contradict themselves', () => {
  const { ask } = createTestServer();
  const list = (query: Record<string, string>) => ask('GET', pods, { query });
  expect(list({ resourceVersionMatch: 'Exact' }).status).toBe(422);
  expect(list({ resourceVersionMatch: 'Nearly', resourceVersion: '1' }).status).toBe(422);
  expect(list({ continue: 'MTox', resourceVersion: '1' }).status).toBe(400);
  expect(list({ resourceVersion: '900', resourceVersionMatch: 'NotOlderThan' })).toMatchObject({
    status: 504,
    body: { details: { retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge' }] } },
  });
});

test('a pod of which people change what cannot be changed is left as it is', () => {
  const { ask } = createTestServer();
  ask('POST', pods, { body: testPod('a') });
  const patch = (body: object) =>
    ask('PATCH', `${pods}/a`, { contentType: 'application/strategic-merge-patch+json', body });
  expect(patch({ spec: { containers: [{ name: 'main', image: 'other' }] } }).status).toBe(200);
  expect(patch({ spec: { containers: [{ name: 'main', command: ['x'] }] } })).toMatchObject({
    status: 422,
    body: { reason: 'Invalid', message: expect.stringMatching(/may not change fields other than/) as string },
  });
  expect(patch({ spec: { nodeName: 'n' } }).status).toBe(422);
});
