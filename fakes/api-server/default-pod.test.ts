import { expect, test } from 'vitest';
import type { ApiObject } from './api-object.js';
import { defaultPod } from './default-pod.js';
import { createTestServer, testPod } from './testing-objects.js';

const pods = '/api/v1/namespaces/default/pods';

function specOf(answer: { body: unknown }): Record<string, unknown> {
  return (answer.body as ApiObject).spec as Record<string, unknown>;
}

test('what an author leaves out is filled in when the pod is created, and when it is updated', () => {
  const { ask } = createTestServer();
  const created = specOf(ask('POST', pods, { body: testPod('a') }));
  expect(created).toEqual({
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
    securityContext: {},
    containers: [
      {
        name: 'main',
        image: 'workload',
        imagePullPolicy: 'Always',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
  });
  const body = testPod('a', { spec: { terminationGracePeriodSeconds: null, dnsPolicy: null } });
  const updated = specOf(ask('PUT', `${pods}/a`, { body }));
  expect([updated['terminationGracePeriodSeconds'], updated['dnsPolicy']]).toEqual([30, 'ClusterFirst']);
});

function containerOf(container: object, spec: object = {}): Record<string, unknown> {
  const pod = defaultPod(testPod('a', { spec: { ...spec, containers: [{ name: 'main', ...container }] } }));
  return (pod.spec as { containers: Record<string, unknown>[] }).containers[0]!;
}

test.each([
  ['registry:5000/workload', 'Always'],
  ['workload:latest', 'Always'],
  ['registry:5000/workload:v1', 'IfNotPresent'],
  ['workload@sha256:abc', 'IfNotPresent'],
])('the image %s is pulled %s', (image, imagePullPolicy) => {
  expect(containerOf({ image })).toMatchObject({ imagePullPolicy });
  expect(containerOf({ image, imagePullPolicy: 'Never' })).toMatchObject({ imagePullPolicy: 'Never' });
});

test('ports, probes, resources and volumes get what they lack', () => {
  const container = containerOf(
    {
      ports: [{ containerPort: 80 }],
      readinessProbe: { httpGet: { port: 80 }, periodSeconds: 2 },
      resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m' } },
    },
    { hostNetwork: true },
  );
  expect(container).toMatchObject({
    ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
    readinessProbe: {
      httpGet: { port: 80, path: '/', scheme: 'HTTP' },
      periodSeconds: 2,
      timeoutSeconds: 1,
      successThreshold: 1,
      failureThreshold: 3,
    },
    resources: { requests: { cpu: '100m', memory: '1Gi' } },
  });
  const volumes = [{ name: 'a' }, { name: 'b', secret: { secretName: 's' } }, { name: 'c', hostPath: {} }];
  expect((defaultPod(testPod('a', { spec: { volumes } })).spec as { volumes: unknown }).volumes).toEqual([
    { name: 'a', emptyDir: {} },
    { name: 'b', secret: { secretName: 's', defaultMode: 420 } },
    { name: 'c', hostPath: {} },
  ]);
});

test('a pod with its defaults is not changed again, and garbage is left to those who refuse it', () => {
  const once = defaultPod(testPod('a'));
  expect(defaultPod(once)).toEqual(once);
  const garbage = { containers: ['x', { name: 'main', ports: 1, resources: 'much', livenessProbe: [] }] };
  expect(() => defaultPod(testPod('a', { spec: garbage }))).not.toThrow();
});

test('references to fields, hooks and projected files get what they lack', () => {
  const fieldRef = { fieldPath: 'metadata.name' };
  const completed = { apiVersion: 'v1', fieldPath: 'metadata.name' };
  const container = containerOf({
    env: [
      { name: 'A', value: 'x' },
      { name: 'B', valueFrom: { fieldRef } },
      { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
    ],
    lifecycle: { postStart: { httpGet: { port: 80 } }, preStop: { exec: { command: ['true'] } } },
    startupProbe: { tcpSocket: { port: 80 } },
  });
  expect(container).toMatchObject({
    env: [
      { name: 'A', value: 'x' },
      { name: 'B', valueFrom: { fieldRef: completed } },
      { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
    ],
    lifecycle: {
      postStart: { httpGet: { port: 80, path: '/', scheme: 'HTTP' } },
      preStop: { exec: { command: ['true'] } },
    },
    startupProbe: { tcpSocket: { port: 80 }, periodSeconds: 10 },
  });
  const items = [{ path: 'a', fieldRef }];
  const sources = [
    { downwardAPI: { items } },
    { serviceAccountToken: { path: 'token' } },
    { configMap: { name: 'c' } },
  ];
  const volumes = [
    { name: 'a', downwardAPI: { items } },
    { name: 'b', projected: { sources } },
  ];
  const { spec } = defaultPod(testPod('a', { spec: { volumes } }));
  expect((spec as { volumes: unknown }).volumes).toEqual([
    { name: 'a', downwardAPI: { defaultMode: 420, items: [{ path: 'a', fieldRef: completed }] } },
    {
      name: 'b',
      projected: {
        defaultMode: 420,
        sources: [
          { downwardAPI: { items: [{ path: 'a', fieldRef: completed }] } },
          { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
          { configMap: { name: 'c' } },
        ],
      },
    },
  ]);
});

test('what is empty counts as not said, and so does a probe’s zero; other zeros mean what they say', () => {
  const container = containerOf({
    image: 'workload:v1',
    imagePullPolicy: '',
    terminationMessagePath: '',
    ports: [{ containerPort: 80, protocol: '' }],
    livenessProbe: { httpGet: { port: 80, path: '', scheme: '' }, periodSeconds: 0 },
  });
  expect(container).toMatchObject({
    imagePullPolicy: 'IfNotPresent',
    terminationMessagePath: '/dev/termination-log',
    ports: [{ containerPort: 80, protocol: 'TCP' }],
    livenessProbe: { httpGet: { port: 80, path: '/', scheme: 'HTTP' }, periodSeconds: 10 },
  });
  const volumes = [{ name: 'a', secret: { secretName: 's', defaultMode: 0 } }];
  const pod = defaultPod(
    testPod('a', { spec: { restartPolicy: '', terminationGracePeriodSeconds: 0, volumes } }),
  );
  expect(pod.spec).toMatchObject({ restartPolicy: 'Always', terminationGracePeriodSeconds: 0, volumes });
});
