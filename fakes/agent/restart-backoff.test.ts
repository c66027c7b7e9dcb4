import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fastTimings } from '../../harness/spec/timings.js';
import { nextStreak, restartDueMs } from './restart-backoff.js';

const { backoffInitialMs, backoffMaxMs, backoffResetMs } = fastTimings;

test('a series of crashes waits 0, initial, twice as long … and never longer than the cap', () => {
  const delays: number[] = [];
  let streak = 0;
  for (let crash = 0; crash < 8; crash++) {
    const exit = { startedAtMs: 1_000, finishedAtMs: 1_500, streak, isChanged: false, isInit: false };
    delays.push(restartDueMs(exit, fastTimings) - exit.finishedAtMs);
    streak = nextStreak(exit, fastTimings);
  }
  const expected = [0, 1, 2, 4, 8, 10, 10, 10].map((factor) => factor * backoffInitialMs);
  expect(delays).toEqual(expected);
  expect(delays.at(-1)).toBe(backoffMaxMs);
});

test('a container that ran long enough, or that was changed, restarts at once', () => {
  const ran = {
    startedAtMs: 1_000,
    finishedAtMs: 1_000 + backoffResetMs,
    streak: 6,
    isChanged: false,
    isInit: false,
  };
  expect(restartDueMs(ran, fastTimings)).toBe(ran.finishedAtMs);
  expect(nextStreak(ran, fastTimings)).toBe(1);
  const almost = { ...ran, finishedAtMs: ran.finishedAtMs - 1 };
  expect(restartDueMs(almost, fastTimings)).toBe(almost.finishedAtMs + backoffMaxMs);
  const changed = { ...almost, isChanged: true };
  expect(restartDueMs(changed, fastTimings)).toBe(changed.finishedAtMs);
  expect(nextStreak(changed, fastTimings)).toBe(0);
});

test('a restart is never due before the exit, and never later than the cap after it', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(100_000), fc.nat(100_000), (streak, startedAtMs, ranMs) => {
      const exit = {
        startedAtMs,
        finishedAtMs: startedAtMs + ranMs,
        streak,
        isChanged: false,
        isInit: false,
      };
      const delayMs = restartDueMs(exit, fastTimings) - exit.finishedAtMs;
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThanOrEqual(backoffMaxMs);
    }),
  );
});
