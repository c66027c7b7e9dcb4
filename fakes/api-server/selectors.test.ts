import { expect, test } from 'vitest';
import { podResource } from './api-object.js';
import { createTestServer, testPod } from './testing-objects.js';

function setUp() {
  const { ask, store } = createTestServer();
  for (const level of ['4', '5', '6', '9007199254740993', 'high', '-7'])
    store.create(podResource, testPod(`p${level}`, { metadata: { labels: { level } } }));
  store.create(podResource, testPod('without'));
  const list = (labelSelector: string) => ask('GET', '/api/v1/pods', { query: { labelSelector } });
  const names = (labelSelector: string) =>
    (list(labelSelector).body as { items: { metadata: { name: string } }[] }).items.map(
      ({ metadata }) => metadata.name,
    );
  return { list, names };
}

test('labels that are numbers are compared as numbers', () => {
  const { names } = setUp();
  expect(names('level>5')).toEqual(['p6', 'p9007199254740993']);
  expect(names('level > 9007199254740992')).toEqual(['p9007199254740993']);
  expect(names('level<5,level')).toEqual(['p-7', 'p4']);
  expect(names('level<-7')).toEqual([]);
});

test.each([
  'level>',
  'level>high',
  'level>=5',
  '>5',
  'level<99999999999999999999',
  'a=b>c',
  '!level>5',
  'a<>b',
])('refuses %s', (selector) => {
  expect(setUp().list(selector)).toMatchObject({ status: 400, body: { reason: 'BadRequest' } });
});
