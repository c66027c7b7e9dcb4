import { expect, test } from 'vitest';
import type { Pod } from '../../harness/spec/pod.js';
import type { Mux } from './mux.js';
import { createMux } from './mux.js';
import { referenceDecisions } from './reference-decisions.js';
import { testPod } from './testing-records.js';

function pod(uid: string, name: string = uid, changes: Partial<Pod['metadata']> = {}): Pod {
  return testPod({}, { uid, name, ...changes });
}

function mux(running: readonly string[] = []): Mux {
  return createMux(['file', 'http', 'api'], referenceDecisions, (uid) => running.includes(uid));
}

function namesOf(entries: readonly { readonly uid: string }[]): string[] {
  return entries.map((entry) => entry.uid);
}

test('a delivery is compared with the last one of the same source only', () => {
  const subject = mux();
  expect(subject.deliver('file', [pod('a'), pod('b')], true)).toMatchObject({ isFirstDelivery: true });
  subject.deliver('http', [pod('c')], true);
  const update = subject.deliver('file', [pod('b'), pod('d')], true);
  expect(namesOf(update.removed)).toEqual(['a']);
  expect(namesOf(update.added)).toEqual(['d']);
  expect(namesOf([...subject.entries()])).toEqual(['b', 'd', 'c']);
});

test('every source has to deliver, if only nothing', () => {
  const subject = mux();
  subject.deliver('file', [], true);
  subject.deliver('api', [pod('a')], true);
  expect(subject.allReady()).toBe(false);
  subject.deliver('http', [], true);
  expect(subject.allReady()).toBe(true);
});

test('changes of meaning are told from bookkeeping', () => {
  const subject = mux();
  subject.deliver('api', [pod('a'), pod('b'), pod('c'), pod('d')], true);
  const update = subject.deliver(
    'api',
    [
      pod('a', 'a', { labels: { tier: 'x' } }),
      pod('b', 'b', { resourceVersion: '7', finalizers: ['f'] }),
      pod('c', 'c', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      pod('d', 'd', { annotations: { 'kubernetes.io/config.hash': 'h' } }),
    ],
    true,
  );
  expect(namesOf(update.changed)).toEqual(['a', 'c']);
  expect(namesOf(update.reconciled)).toEqual(['b', 'd']);
  expect([...update.added, ...update.removed]).toEqual([]);
});

test('of two entries of one name the one that was there first stays, in any order', () => {
  const subject = mux();
  subject.deliver('file', [pod('old', 'web')], true);
  const update = subject.deliver('file', [pod('new', 'web'), pod('old', 'web')], true);
  expect([...update.added, ...update.removed, ...update.changed]).toEqual([]);
  expect(update.refused.map((refused) => refused.metadata.uid)).toEqual(['new']);
  expect(namesOf(subject.deliver('file', [pod('new', 'web')], true).added)).toEqual(['new']);
});

test('after a restart of the agent the entry that runs stays', () => {
  const subject = mux(['running']);
  const update = subject.deliver('file', [pod('other', 'web'), pod('running', 'web')], true);
  expect(namesOf(update.added)).toEqual(['running']);
});

test('one UID in two sources stays until both have dropped it', () => {
  const subject = mux();
  subject.deliver('file', [pod('a')], true);
  subject.deliver('api', [pod('a')], true);
  subject.deliver('file', [], true);
  expect(subject.find('a')?.source).toBe('api');
  subject.deliver('api', [], true);
  expect(subject.find('a')).toBeUndefined();
});
