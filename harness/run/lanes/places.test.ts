import { expect, test } from 'vitest';
import { createPlaces } from './places.js';

/** The numbers of those who take so long, in the order in which they are served. */
function order(width: number, expectedMs: readonly number[]): number[] {
  const places = createPlaces(width);
  return expectedMs
    .map((ms, number) => ({ number, place: places.take(ms) }))
    .sort((left, right) => left.place - right.place)
    .map(({ number }) => number);
}

test('who takes as long as all others is served in the order in which he came', () => {
  expect(order(3, [40, 40, 40, 40, 40])).toEqual([0, 1, 2, 3, 4]);
});

test('who takes longer is served earlier, by as many as are served meanwhile', () => {
  const usual = Array.from({ length: 20 }, () => 40);
  const served = order(2, [...usual, 160, ...usual]);
  // Three times as long again, with two served at once: six places, of a mean that is somewhat longer.
  expect(served.indexOf(20)).toBeGreaterThan(20 - 8);
  expect(served.indexOf(20)).toBeLessThan(20 - 3);
  expect(served.filter((number) => number !== 20)).toEqual(
    [...usual, ...usual].map((_ms, index) => (index < 20 ? index : index + 1)),
  );
});

test('the last of many who takes much longer does not begin last', () => {
  expect(order(100, [40, 40, 40, 40, 170])[0]).toBe(4);
});
