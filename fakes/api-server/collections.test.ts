import { expect, test } from 'vitest';
import { apiResources, podResource } from './api-object.js';
import { createTestServer, testPod } from './testing-objects.js';

test('what has namespaces is only looked at in all of them together', () => {
  const { ask, store } = createTestServer();
  store.create(podResource, testPod('a'));
  for (const { groupVersion, name, kind, isNamespaced } of apiResources) {
    const path = `/${groupVersion === 'v1' ? 'api' : 'apis'}/${groupVersion}/${name}`;
    expect(ask('GET', path).status).toBe(200);
    const statuses = [
      ask('POST', path, { body: { kind, metadata: { name: 'new' }, spec: { containers: [{ name: 'a' }] } } }),
      ask('DELETE', path),
    ].map(({ status }) => status);
    if (isNamespaced) expect([name, ...statuses]).toEqual([name, 405, 405]);
    else expect([name, ...statuses]).toEqual([name, 201, name === 'namespaces' ? 405 : 200]);
  }
  expect(store.list(podResource)).toHaveLength(1);
  expect(ask('DELETE', '/api/v1/namespaces/default/pods').status).toBe(200);
  expect(ask('GET', '/api/v1/namespaces/new').status).toBe(200);
});
