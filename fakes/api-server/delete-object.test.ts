import { expect, test } from 'vitest';
import { podResource, type ApiObject } from './api-object.js';
import { createTestServer, testPod } from './testing-objects.js';

const pods = '/api/v1/namespaces/default/pods';
const bound = { nodeName: 'n1', terminationGracePeriodSeconds: 20 };

function setUp(parts: Parameters<typeof testPod>[1] = { spec: bound }) {
  const { ask, store, time } = createTestServer();
  const metadata = { generation: 1, ...parts.metadata };
  const pod = store.create(podResource, testPod('a', { ...parts, metadata }));
  const events: string[] = [];
  store.subscribe(({ type, object: { metadata: after } }) => {
    const { deletionTimestamp, deletionGracePeriodSeconds, generation } = after;
    events.push(`${type} ${deletionTimestamp?.slice(11, 19)} ${deletionGracePeriodSeconds} ${generation}`);
  });
  const remove = (gracePeriodSeconds?: number, parts: object = {}) =>
    ask('DELETE', `${pods}/a`, {
      body: { ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }), ...parts },
    }).body as ApiObject;
  const setStatus = (status: object) =>
    ask('PATCH', `${pods}/a/status`, { body: { status }, contentType: 'application/merge-patch+json' });
  return { pod, store, time, events, remove, setStatus, ask };
}

test.each<[string, Parameters<typeof testPod>[1], number | undefined]>([
  ['that is told to be without grace', { spec: bound }, 0],
  ['of a pod without a node', {}, undefined],
  ['of a pod that has finished', { spec: bound, status: { phase: 'Failed' } }, 30],
])('a deletion %s is seen before the pod is gone', (_name, parts, graceS) => {
  const { events, remove, store } = setUp(parts);
  const answer = remove(graceS);
  expect(events).toEqual(['MODIFIED 00:00:00 0 2', 'DELETED 00:00:00 0 2']);
  expect(answer.metadata).toMatchObject({ deletionGracePeriodSeconds: 0 });
  expect(store.list(podResource)).toEqual([]);
});

test('the last deletion of a pod that is being deleted moves its end to the present', () => {
  const { events, remove, time } = setUp();
  remove();
  time.ms += 3_000;
  remove(0);
  expect(events).toEqual(['MODIFIED 00:00:20 20 2', 'MODIFIED 00:00:03 0 2', 'DELETED 00:00:03 0 2']);
});

test('it may depend on the version that it finds', () => {
  const { pod, remove, store } = setUp();
  remove(0, { preconditions: { resourceVersion: pod.metadata.resourceVersion } });
  expect(store.list(podResource)).toEqual([]);
});

test('asking again changes nothing, also of a pod that has finished meanwhile', () => {
  const { events, remove, setStatus } = setUp();
  remove();
  setStatus({ phase: 'Succeeded' });
  remove();
  remove(25);
  expect(events).toEqual(['MODIFIED 00:00:20 20 2', 'MODIFIED 00:00:20 20 2']);
});

test('a shorter period is still one when it would be over already', () => {
  const { events, remove, time } = setUp();
  remove();
  time.ms += 10_000;
  remove(5);
  expect(events.at(-1)).toBe('MODIFIED 00:00:10 1 2');
  remove(-7);
  expect(events).toHaveLength(2);
});

test('what waits for finalizers is deleted once', () => {
  const { events, remove, ask } = setUp({ spec: bound, metadata: { finalizers: ['example.org/wait'] } });
  remove(0);
  remove(0);
  expect(events).toEqual(['MODIFIED 00:00:00 0 2']);
  const node = { kind: 'Node', metadata: { name: 'n', finalizers: ['example.org/wait'] } };
  ask('POST', '/api/v1/nodes', { body: node });
  ask('DELETE', '/api/v1/nodes/n');
  ask('DELETE', '/api/v1/nodes/n');
  expect(events.slice(1)).toEqual(['ADDED undefined undefined undefined', 'MODIFIED 00:00:00 0 undefined']);
});

test('a trial run stores nothing', () => {
  const { ask, events, store } = setUp();
  const answer = ask('DELETE', `${pods}/a`, { body: { gracePeriodSeconds: 0 }, query: { dryRun: 'All' } });
  expect(answer).toMatchObject({ status: 200, body: { metadata: { deletionGracePeriodSeconds: 0 } } });
  expect(events).toEqual([]);
  expect(store.list(podResource)).toHaveLength(1);
});

test('what one dry run would write is nothing to the next', () => {
  const { ask } = setUp();
  const maps = '/api/v1/namespaces/default/configmaps';
  expect(ask('POST', maps, { body: { metadata: { name: 'c' } } }).status).toBe(201);
  const contentType = 'application/merge-patch+json';
  const query = { dryRun: 'All' };
  const patch = { metadata: { labels: { dry: 'yes' } } };
  expect(ask('PATCH', `${maps}/c`, { body: patch, contentType, query }).body).toMatchObject(patch);
  expect((ask('DELETE', `${maps}/c`, { query }).body as ApiObject).metadata.labels).toBeUndefined();
});
