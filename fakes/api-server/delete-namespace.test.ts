import { expect, test } from 'vitest';
import { apiResources, namespaceResource, podResource, type ApiObject } from './api-object.js';
import { dropNamespaces } from './delete-namespace.js';
import { createTestServer, testPod } from './testing-objects.js';

test('what is in a dropped namespace goes at once, a pod that would wait for its agent too, and nothing else does', () => {
  const { store, ask } = createTestServer();
  const events = apiResources.find(({ name, groupVersion }) => name === 'events' && groupVersion === 'v1')!;
  const nodes = apiResources.find(({ name }) => name === 'nodes')!;
  store.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'gone-1' } } as ApiObject);
  for (const name of ['gone-1', 'gone-2', 'kept']) {
    ask('POST', '/api/v1/namespaces', { body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } });
    store.create(podResource, testPod('a', { metadata: { namespace: name }, spec: { nodeName: 'n1' } }));
    store.create(events, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e', namespace: name },
    } as ApiObject);
  }
  ask('DELETE', '/api/v1/namespaces/gone-2/pods/a');

  dropNamespaces(store, new Set(['gone-1', 'gone-2', 'never-there']));

  const names = store.list(namespaceResource).map(({ metadata }) => metadata.name);
  expect(names).toContain('kept');
  expect(names).not.toContain('gone-1');
  expect(names).not.toContain('gone-2');
  for (const resource of [podResource, events])
    expect(store.list(resource).map(({ metadata }) => metadata.namespace)).toEqual(['kept']);
  expect(store.list(nodes).map(({ metadata }) => metadata.name)).toEqual(['gone-1']);
});
