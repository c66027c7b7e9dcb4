import { expect, test } from 'vitest';
import { createRealClock } from './clock.js';

const inTurn = (count: number): Promise<void> =>
  count === 0
    ? Promise.resolve()
    : new Promise((resolve) => setImmediate(() => void inTurn(count - 1).then(resolve)));

test('what is due at once does not wait for a timer, and comes in the order asked for', async () => {
  const clock = createRealClock();
  const order: number[] = [];
  clock.after(0, () => order.push(1));
  clock.after(0, () => order.push(2));
  expect(order).toEqual([]);
  await inTurn(2);
  expect(order).toEqual([1, 2]);
});

test('what was cancelled, or is pending when the clock is closed, never comes', async () => {
  const clock = createRealClock();
  const order: string[] = [];
  clock.after(0, () => order.push('cancelled at once')).cancel();
  clock.after(5, () => order.push('cancelled later')).cancel();
  clock.after(0, () => order.push('closed at once'));
  clock.after(5, () => order.push('closed later'));
  clock.close();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(order).toEqual([]);
});
