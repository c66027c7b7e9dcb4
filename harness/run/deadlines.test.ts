import { expect, test } from 'vitest';
import { fastTimings, garbageBoundMs, kubeletTimings, boundsOf, type Timings } from '../spec/timings.js';
import type { Plan } from '../spec/plan.js';
import { deadlinesOf, expectedMs, liveDeadlinesOf } from './deadlines.js';

const planOf = (seed: string, timings: Timings): Plan => ({
  plan: 1,
  seed,
  suite: 'mixed',
  setup: { sources: ['file'], timings, pods: [] },
  steps: [],
  faults: [],
  schedule: [],
});

test('few plans wait for a collection that comes once a minute, and those until it can be judged', () => {
  const timings = { ...kubeletTimings, syncFrequencyMs: 1_000 };
  const all = Array.from({ length: 600 }, (_, index) =>
    liveDeadlinesOf(planOf(`seed/${index}`, timings), timings, 500),
  );
  const waiting = all.filter(({ collectionMs }) => collectionMs !== undefined);
  expect(waiting.length).toBeGreaterThan(60);
  expect(waiting.length).toBeLessThan(150);
  for (const { calmMs, settleMs, collectionMs = 0 } of all) {
    expect(settleMs).toBeGreaterThan(calmMs + collectionMs);
    expect(calmMs).toBeLessThan(timings.garbageCollectionMs / 2);
  }
  for (const { collectionMs } of waiting)
    expect(collectionMs).toBeGreaterThan(garbageBoundMs(boundsOf(timings)));
  const [first] = all;
  expect(liveDeadlinesOf(planOf('seed/0', timings), timings, 500)).toEqual(first);
});

test('a collection as frequent as other things is always waited for', () => {
  for (let index = 0; index < 20; index++) {
    const plan = planOf(`seed/${index}`, fastTimings);
    expect(liveDeadlinesOf(plan, fastTimings, 500)).toMatchObject(deadlinesOf(plan, fastTimings, 500));
  }
});

test('a kubelet whose pods are all in place is not waited for as long as its retry of static pods takes', () => {
  const timings = {
    ...kubeletTimings,
    syncFrequencyMs: 1_000,
    errorRetryMs: 1_000,
    fileCheckMs: 1_000,
    httpCheckMs: 1_000,
  };
  const { calmMs, calmBy } = liveDeadlinesOf(planOf('seed', timings), timings, 500);
  expect(calmBy.restMs).toBeGreaterThan(timings.statusMs);
  expect(calmBy.restMs).toBeLessThan(boundsOf(timings).Tstatic);
  expect(calmBy.dueMs).toBeGreaterThan(boundsOf(timings).Tstatic);
  expect(calmMs).toBe(Math.max(...Object.values(calmBy)));
});

test('a plan is expected to take as long as its waits, and longer if it waits for a collection', () => {
  const timings = { ...kubeletTimings, syncFrequencyMs: 1_000 };
  const expected = (seed: string, waitMs: number): number =>
    expectedMs({ ...planOf(seed, timings), steps: [{ do: 'wait', id: 's1', ms: waitMs }] }, timings);
  const seeds = Array.from({ length: 60 }, (_, index) => `seed/${index}`);
  for (const seed of seeds) {
    const { calmBy, collectionMs = 0, quietMs } = liveDeadlinesOf(planOf(seed, timings), timings, 0);
    expect(expected(seed, 7_000)).toBe(7_000 + calmBy.restMs + collectionMs + quietMs);
  }
  expect(new Set(seeds.map((seed) => expected(seed, 0))).size).toBe(2);
});
