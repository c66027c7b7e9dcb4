import { expect, test } from 'vitest';
import type { WatchEvent } from '../../../harness/ports/agent.js';
import type { Pod } from '../../../harness/spec/pod.js';
import { referenceDecisions } from '../reference-decisions.js';
import { testPod } from '../testing-records.js';
import { createPodStore, type PodStore } from './pod-store.js';

function pod(name: string, resourceVersion: string, uid = `uid-${name}`): Pod {
  return testPod({}, { name, uid, resourceVersion });
}

function event(type: WatchEvent['type'], object: Pod): WatchEvent {
  return { type, object };
}

function stateOf(store: PodStore): string[] {
  return store.pods().map(({ metadata }) => `${metadata.uid}@${metadata.resourceVersion}`);
}

test('a list replaces everything, unless it is older than what was seen', () => {
  const store = createPodStore(referenceDecisions);
  expect(store.replace([pod('a', '3'), pod('b', '4')], '5')).toBe(true);
  expect(store.replace([pod('a', '2')], '4')).toBe(false);
  expect(stateOf(store)).toEqual(['uid-a@3', 'uid-b@4']);
  expect(store.replace([pod('c', '6')], '6')).toBe(true);
  expect(stateOf(store)).toEqual(['uid-c@6']);
  expect(store.version()).toBe('6');
});

test('repeated and reordered events have no effect', () => {
  const store = createPodStore(referenceDecisions);
  store.replace([], '1');
  expect(store.apply(event('ADDED', pod('a', '3')))).toBe(true);
  expect(store.apply(event('ADDED', pod('a', '3')))).toBe(false);
  expect(store.apply(event('MODIFIED', pod('a', '2')))).toBe(false);
  expect(store.apply(event('DELETED', pod('a', '5')))).toBe(true);
  expect(store.apply(event('MODIFIED', pod('a', '4')))).toBe(false);
  expect(stateOf(store)).toEqual([]);
});

test('a deletion of the former pod of a name does not touch the new one', () => {
  const store = createPodStore(referenceDecisions);
  store.replace([pod('a', '2', 'new')], '2');
  store.apply(event('DELETED', pod('a', '3', 'old')));
  expect(stateOf(store)).toEqual(['new@2']);
});

test('a bookmark moves the version only', () => {
  const store = createPodStore(referenceDecisions);
  store.replace([pod('a', '2')], '2');
  expect(store.apply({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } as never } })).toBe(
    false,
  );
  expect(store.version()).toBe('9');
  expect(stateOf(store)).toEqual(['uid-a@2']);
});
