import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { watchStalls } from './stall-watch.js';

function blockMs(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs;);
}

test('tells that this process was not let run, and for how long', async () => {
  const stalls: number[] = [];
  const stop = watchStalls(1_000, (ms) => stalls.push(ms));
  await sleep(120);
  stalls.length = 0;
  blockMs(600);
  await sleep(120);
  stop();
  expect(Math.max(...stalls)).toBeGreaterThan(500);
});

test('short stalls mean nothing to an agent of long periods, and nothing is told after the end', async () => {
  const stalls: number[] = [];
  const stop = watchStalls(600_000, (ms) => stalls.push(ms));
  blockMs(300);
  await sleep(120);
  stop();
  blockMs(300);
  await sleep(120);
  expect(stalls).toEqual([]);
});
