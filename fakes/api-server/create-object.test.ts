import { expect, test } from 'vitest';
import type { ApiObject } from './api-object.js';
import { createTestServer, testPod } from './testing-objects.js';

const pods = '/api/v1/namespaces/default/pods';

test('a new pod has run nothing, whatever its author says', () => {
  const { ask } = createTestServer();
  const metadata = {
    generation: 7,
    creationTimestamp: '2001-01-01T00:00:00Z',
    deletionTimestamp: '2001-01-01T00:00:00Z',
    deletionGracePeriodSeconds: 7,
  };
  const status = { phase: 'Running', containerStatuses: [{ name: 'main', restartCount: 1 }] };
  const created = ask('POST', pods, { body: testPod('a', { metadata, status }) });
  expect(created.status).toBe(201);
  const object = created.body as ApiObject;
  expect(object.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
  expect(object.metadata).toEqual({
    name: 'a',
    namespace: 'default',
    uid: 'uid-1',
    resourceVersion: '2',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
  });
});

const all = { cpu: '1', memory: '1Gi' };

test.each<[string, object[]]>([
  ['BestEffort', [{}, { resources: { limits: { 'example.org/gpu': 1 } } }]],
  ['BestEffort', [{ resources: { requests: { cpu: 0 } } }]],
  ['Burstable', [{ resources: { requests: { cpu: '1' } } }]],
  ['Burstable', [{ resources: { limits: all } }, {}]],
  ['Burstable', [{ resources: { limits: all, requests: { cpu: '500m' } } }]],
  ['Burstable', [{ resources: { limits: { cpu: '1' } } }]],
  ['Guaranteed', [{ resources: { limits: all } }]],
  ['Guaranteed', [{ resources: { limits: all, requests: { cpu: '1000m', memory: '1024Mi' } } }]],
])('a pod is %s by the resources of its containers', (qosClass, parts) => {
  const { ask } = createTestServer();
  const containers = parts.map((part, index) => ({ name: `c${index}`, image: 'workload', ...part }));
  for (const spec of [
    { containers },
    { containers: containers.slice(0, 1), initContainers: containers.slice(1) },
  ]) {
    const name = 'initContainers' in spec ? 'a' : 'b';
    const created = ask('POST', pods, { body: testPod(name, { spec }) });
    expect(created).toMatchObject({ status: 201, body: { status: { qosClass } } });
  }
});

test('other objects get their times from the server as well, and nodes keep their status', () => {
  const { ask } = createTestServer();
  const metadata = { name: 'n', creationTimestamp: '2001-01-01T00:00:00Z' };
  const status = { capacity: { cpu: '1' } };
  const created = ask('POST', '/api/v1/nodes', { body: { kind: 'Node', metadata, status } });
  expect(created.body).toMatchObject({ metadata: { creationTimestamp: '2026-01-01T00:00:00Z' }, status });
});
