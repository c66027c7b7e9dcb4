import { expect, test } from 'vitest';
import { podResource } from './api-object.js';
import { createTestServer, testPod } from './testing-objects.js';

const pods = '/api/v1/namespaces/default/pods';
const configMaps = '/api/v1/namespaces/default/configmaps';

function configMap(name: string, bytes: number): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: 'x'.repeat(bytes) } };
}

test('objects are as large as in etcd at most, however they become so', () => {
  const { ask } = createTestServer();
  const tooLarge = { status: 500, body: { message: 'etcdserver: request is too large', code: 500 } };
  expect(ask('POST', configMaps, { body: configMap('a', 1_500_000) })).toMatchObject({ status: 201 });
  const refused = ask('POST', configMaps, { body: configMap('b', 1_600_000) });
  expect(refused).toMatchObject(tooLarge);
  expect(refused.body).not.toHaveProperty('reason');
  const more = { data: { more: 'x'.repeat(100_000) } };
  const patch = { body: more, contentType: 'application/merge-patch+json' };
  expect(ask('PATCH', `${configMaps}/a`, patch)).toMatchObject(tooLarge);
  expect(
    ask('POST', configMaps, { body: configMap('b', 1_600_000), query: { dryRun: 'All' } }),
  ).toMatchObject(tooLarge);
});

test('annotations have a bound of their own', () => {
  const { ask, store } = createTestServer();
  const annotated = (bytes: number): object =>
    testPod('a', { metadata: { annotations: { one: 'ä'.repeat(50_000), two: 'x'.repeat(bytes) } } });
  const refused = ask('POST', pods, { body: annotated(170_000) });
  expect(refused).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
  expect((refused.body as { message: string }).message).toMatch(/may not be more than 262144 bytes$/);
  expect(ask('POST', pods, { body: annotated(160_000) })).toMatchObject({ status: 201 });
  expect(store.list(podResource)).toHaveLength(1);
});

test('all objects together have a bound, within which what is there may still change and go', () => {
  const { ask } = createTestServer({ limits: { togetherMaxBytes: 2_850_000 } });
  expect(ask('POST', pods, { body: testPod('web', { spec: { nodeName: 'n' } }) }).status).toBe(201);
  const statuses = ['a', 'b', 'c'].map(
    (name) => ask('POST', configMaps, { body: configMap(name, 1_400_000) }).status,
  );
  expect(statuses).toEqual([201, 201, 500]);
  const contentType = 'application/merge-patch+json';
  const status = { phase: 'Running', message: 'x'.repeat(100_000) };
  expect(ask('PATCH', `${pods}/web/status`, { body: { status }, contentType }).status).toBe(200);
  expect(ask('DELETE', `${pods}/web`).status).toBe(200);
  expect(ask('DELETE', `${configMaps}/a`).status).toBe(200);
  expect(ask('POST', configMaps, { body: configMap('c', 1_300_000) }).status).toBe(201);
});
