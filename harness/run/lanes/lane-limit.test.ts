import { expect, test } from 'vitest';
import { createLaneLimit, type LaneLimit } from './lane-limit.js';

/** An agent that is late by what it has more than it can carry. */
function settle(limit: LaneLimit, capacity: number, periods: number): number[] {
  return Array.from({ length: periods }, () => {
    const lanes = limit.lanes();
    limit.observe({ lanes, lateMs: lanes <= capacity ? 10 : 100 * (lanes - capacity) });
    return limit.lanes();
  });
}

test('it begins with few, grows while nobody is late, and never beyond the bound', () => {
  const limit = createLaneLimit({ max: 50, lateMsMax: 250, addedMax: 40 });
  expect(limit.lanes()).toBe(4);
  const seen = settle(limit, 1_000, 30);
  expect(seen[0]).toBeGreaterThan(4);
  expect(seen).toEqual([...seen].sort((left, right) => left - right));
  expect(seen.at(-1)).toBe(50);
});

test('it adds no more in a period than is asked for, and twice as many until there were too many', () => {
  const limit = createLaneLimit({ max: 100, lateMsMax: 250, addedMax: 2 });
  expect(settle(limit, 30, 8)).toEqual([6, 8, 11, 15, 19, 23, 27, 31]);
  const seen = settle(limit, 30, 20);
  expect(seen.slice(0, 3)).toEqual([35, 35, 24]);
  const regrown = seen.slice(seen.lastIndexOf(24));
  expect(regrown.slice(0, 4)).toEqual([24, 26, 28, 30]);
});

test('it settles near what the agent sustains', () => {
  const limit = createLaneLimit({ max: 100, lateMsMax: 250, addedMax: 40 });
  const last = settle(limit, 20, 200).slice(-100);
  expect(Math.max(...last)).toBeLessThan(35);
  expect(Math.min(...last)).toBeGreaterThan(10);
});

test('a cut is given the time that the lanes which run take to end', () => {
  const limit = createLaneLimit({ max: 100, lateMsMax: 250, addedMax: 40 });
  settle(limit, 1_000, 30);
  // Late, and for as long as all that run are still there.
  for (let period = 0; period < 30; period++) limit.observe({ lanes: 100, lateMs: 900 });
  expect(limit.lanes()).toBe(70);
  for (let period = 0; period < 3; period++) limit.observe({ lanes: 70, lateMs: 900 });
  expect(limit.lanes()).toBe(49);
});

test('lanes that nobody uses are no reason for more of them', () => {
  const limit = createLaneLimit({ max: 100, lateMsMax: 250, addedMax: 40 });
  for (let period = 0; period < 20; period++) limit.observe({ lanes: 2, lateMs: 0 });
  expect(limit.lanes()).toBe(4);
});

test('one stays whatever happens, and a bound below the beginning is kept', () => {
  const limit = createLaneLimit({ max: 2, lateMsMax: 250, addedMax: 40 });
  expect(limit.lanes()).toBe(2);
  for (let period = 0; period < 50; period++) limit.observe({ lanes: limit.lanes(), lateMs: 9_999 });
  expect(limit.lanes()).toBe(1);
});
