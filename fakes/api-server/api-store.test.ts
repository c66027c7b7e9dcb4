import fc from 'fast-check';
import { expect, test } from 'vitest';
import { podResource } from './api-object.js';
import { createTestServer, testPod } from './testing-objects.js';

test('a past list is what was listed then, for every history', () => {
  const names = ['a', 'b', 'c', 'd'];
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(2)), { maxLength: 40 }), (writes) => {
      const { store } = createTestServer();
      const seen = new Map([[store.revision(), store.list(podResource)]]);
      for (const [index, how] of writes) {
        const key = `default/${names[index]!}`;
        const object = store.get(podResource, key);
        if (object === undefined) store.create(podResource, testPod(names[index]!));
        else if (how === 0) store.remove(podResource, key);
        else store.put(podResource, { ...object, status: { how } });
        seen.set(store.revision(), store.list(podResource));
      }
      for (const [revision, list] of seen) expect(store.list(podResource, revision)).toEqual(list);
    }),
    { numRuns: 50 },
  );
});

test('changes share what they leave alone, and lists stay as they were handed out', () => {
  const { store } = createTestServer();
  const created = store.create(podResource, testPod('a'));
  const list = store.list(podResource);
  const changed = store.put(podResource, { ...created, status: { phase: 'Running' } });
  expect(changed.spec).toBe(created.spec);
  expect(list).toEqual([created]);
  expect(Number(changed.metadata.resourceVersion)).toBe(Number(created.metadata.resourceVersion) + 1);
});

test('the history is bounded, and what is forgotten can no longer be resumed from', () => {
  const { store } = createTestServer({ historyMax: 10 });
  let object = store.create(podResource, testPod('a'));
  const first = store.revision();
  for (let count = 0; count < 25; count++) object = store.put(podResource, { ...object, status: { count } });
  expect(store.oldestRevision()).toBeGreaterThan(first);
  expect(store.since(podResource, store.oldestRevision()).length).toBeLessThanOrEqual(10);
  const [next] = store.since(podResource, store.oldestRevision());
  expect(next!.revision).toBe(store.oldestRevision() + 1);
});

test('the history is bounded by what is in it too, also by one object alone', () => {
  const { store } = createTestServer({ historyMaxBytes: 1_000_000 });
  const first = store.revision();
  let object = store.create(podResource, testPod('a'));
  for (let count = 0; count < 30; count++) {
    object = store.put(podResource, { ...object, status: { filler: 'ä'.repeat(50_000) } });
    const kept = store.since(podResource, store.oldestRevision());
    expect(kept.length).toBeLessThanOrEqual(10);
  }
  expect(store.oldestRevision()).toBeGreaterThan(first);
  const seen: unknown[] = [];
  store.subscribe(({ type }) => seen.push(type));
  store.put(podResource, { ...object, status: { filler: 'x'.repeat(2_000_000) } });
  expect([store.oldestRevision(), seen]).toEqual([store.revision(), ['MODIFIED']]);
  expect(store.list(podResource)).toHaveLength(1);
});

test('knows about how much is there', () => {
  const { store } = createTestServer();
  const start = store.bytes();
  const object = store.create(podResource, testPod('a', { metadata: { annotations: { more: 'x' } } }));
  const text = JSON.stringify(object);
  expect(Math.abs(store.bytes() - text.length)).toBeLessThan(text.length / 10);
  store.put(podResource, { ...object, status: { filler: 'x'.repeat(1_000) } });
  expect(store.bytes()).toBeGreaterThan(text.length + 900);
  store.remove(podResource, 'default/a');
  expect(store.bytes()).toBe(start);
});

test('revisions are found by time', () => {
  const { store, time } = createTestServer();
  const start = time.ms;
  store.create(podResource, testPod('a'));
  time.ms += 1_000;
  store.create(podResource, testPod('b'));
  expect(store.list(podResource, store.revisionAt(start + 500)).map((pod) => pod.metadata.name)).toEqual([
    'a',
  ]);
  expect(store.revisionAt(start - 1)).toBe(store.oldestRevision());
});

test('a listener that fails keeps no other from the change, and the writer is told', () => {
  const { store } = createTestServer();
  const seen: string[] = [];
  store.subscribe(() => {
    throw new Error('it cannot be shown');
  });
  store.subscribe(({ key }) => seen.push(key));
  expect(() => store.create(podResource, testPod('a'))).toThrow('it cannot be shown');
  expect(seen).toEqual(['default/a']);
  expect(store.list(podResource)).toHaveLength(1);
});
