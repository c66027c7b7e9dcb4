import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { starvedMs, watchStarvation } from './starvation-watch.js';

test('who waits a third of the time starves, unless it is for itself', () => {
  expect(starvedMs({ usedMs: 50, waitedMs: 600 }, 1_000, 2)).toBe(600);
  expect(starvedMs({ usedMs: 50, waitedMs: 250 }, 1_000, 2)).toBe(0);
  // Several threads at once.
  expect(starvedMs({ usedMs: 50, waitedMs: 5_000 }, 1_000, 2)).toBe(1_000);
  // Its own threads are in each other's way.
  expect(starvedMs({ usedMs: 1_900, waitedMs: 5_000 }, 1_000, 2)).toBe(0);
});

test(
  'what is not known is not told, what is known is told until the watch ends',
  { timeout: 10_000 },
  async () => {
    const told: number[] = [];
    let known: { usedMs: number; waitedMs: number } | undefined;
    const stop = watchStarvation(
      () => known,
      (ms) => told.push(ms),
    );
    await sleep(1_200);
    expect(told).toEqual([]);
    known = { usedMs: 0, waitedMs: 10_000 };
    await sleep(1_000);
    expect(told).toHaveLength(1);
    stop();
    await sleep(1_200);
    expect(told).toHaveLength(1);
  },
);
