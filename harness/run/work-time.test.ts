import { expect, test } from 'vitest';
import { createWorkTime } from './work-time.js';

test('the time in which something was under way counts once, and waiting does not', () => {
  let nowMs = 0;
  const time = createWorkTime(() => nowMs);
  const endAt = (atMs: number, durationMs: number): number => {
    nowMs = atMs;
    time.note(durationMs);
    return time.ms();
  };
  expect(endAt(10_000, 2_000)).toBe(2_000);
  // Side by side with the one before.
  expect(endAt(10_500, 2_000)).toBe(2_500);
  // Begun long after.
  expect(endAt(60_000, 3_000)).toBe(5_500);
});
