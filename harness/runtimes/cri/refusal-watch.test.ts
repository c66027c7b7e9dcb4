import { expect, test } from 'vitest';
import { sharedAttempts } from './refusal-watch.js';

test('there is one attempt at a time, and each who asks is told of one that began afterwards', async () => {
  let [underWay, most, begun] = [0, 0, 0];
  const tried = sharedAttempts(async () => {
    begun++;
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
  });
  /** Asks again as soon as it was told. */
  const askTwice = async (): Promise<void> => {
    for (let times = 0; times < 2; times++) {
      const before = begun;
      await tried();
      expect(begun).toBeGreaterThan(before);
    }
  };
  await Promise.all([askTwice(), askTwice(), askTwice()]);
  expect(most).toBe(1);
  expect(begun).toBeLessThan(6);
});
