import { expect, test } from 'vitest';
import type { WatchEvent } from '../../harness/ports/agent.js';
import type { ApiObject } from './api-object.js';
import { createTestServer } from './testing-objects.js';

const core = '/api/v1/namespaces/default/events';
const later = '/apis/events.k8s.io/v1/namespaces/default/events';
const about = { kind: 'Pod', name: 'a', namespace: 'default' };
const inCore = { involvedObject: about, message: 'hello', count: 2, reason: 'Started' };
const inLater = { regarding: about, note: 'hello', deprecatedCount: 2, reason: 'Started' };

test('an event is the same in both versions of its API, each in its own words', () => {
  const { ask } = createTestServer();
  const metadata = { name: 'e' };
  const created = ask('POST', core, { body: { apiVersion: 'v1', kind: 'Event', metadata, ...inCore } });
  expect(created.status).toBe(201);
  const read = ask('GET', `${later}/e`).body as ApiObject;
  expect(read).toEqual({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: (created.body as ApiObject).metadata,
    ...inLater,
  });
  const query = { fieldSelector: 'regarding.name=a,reason=Started' };
  for (const [selected, count] of [
    [query, 1],
    [{ fieldSelector: 'regarding.name=b' }, 0],
  ] as const) {
    const { body } = ask('GET', '/apis/events.k8s.io/v1/events', { query: selected });
    expect(body).toMatchObject({ kind: 'EventList', apiVersion: 'events.k8s.io/v1' });
    expect((body as { items: unknown[] }).items).toEqual([read].slice(0, count));
  }
  const series = { count: 3, lastObservedTime: '2026-01-01T00:00:00.000000Z' };
  const contentType = 'application/strategic-merge-patch+json';
  const body = { note: 'again', series };
  expect(ask('PATCH', `${later}/e`, { body, contentType })).toMatchObject({ status: 200, body });
  const patch = [{ op: 'replace', path: '/note', value: 'at last' }];
  const json = { body: patch, contentType: 'application/json-patch+json' };
  expect(ask('PATCH', `${later}/e`, json)).toMatchObject({ status: 200, body: { note: 'at last' } });
  expect(ask('GET', `${core}/e`)).toMatchObject({ body: { apiVersion: 'v1', message: 'at last', series } });
  const twin = { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata, ...inLater };
  expect(ask('POST', later, { body: twin })).toMatchObject({ status: 409, body: { kind: 'Status' } });
  expect(ask('DELETE', `${later}/e`).status).toBe(200);
  expect(ask('GET', `${core}/e`).status).toBe(404);
});

test('watches see what came in the other version', () => {
  const { ask, server } = createTestServer();
  const seen: WatchEvent[] = [];
  for (const path of [core, later]) {
    server.watch({ path, query: { resourceVersion: '1' } }, (event) => seen.push(event));
  }
  ask('POST', later, { body: { metadata: { name: 'e' }, ...inLater } });
  expect(seen).toMatchObject([
    { type: 'ADDED', object: { apiVersion: 'v1', ...inCore } },
    { type: 'ADDED', object: { apiVersion: 'events.k8s.io/v1', ...inLater } },
  ]);
});
