import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { starvedMs } from '../run/starvation-watch.js';
import { createCpuWatch } from './cpu-watch.js';

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Is busy without end on the machine's first processor. */
function busyOnFirst(niceness: number): ChildProcess {
  const command = ['-c', '0', 'nice', '-n', String(niceness), 'sh', '-c', 'while :; do :; done'];
  const child = spawn('taskset', command, { stdio: 'ignore' });
  children.push(child);
  return child;
}

test(
  'a process that others keep from running waits, and is found to starve',
  { timeout: 20_000 },
  async () => {
    const agent = busyOnFirst(19);
    for (let others = 0; others < 3; others++) busyOnFirst(0);
    await sleep(500);
    const take = createCpuWatch(agent.pid!);
    take();
    const beganMs = performance.now();
    await sleep(2_000);
    const elapsedMs = performance.now() - beganMs;
    const cpuTime = take()!;
    expect(cpuTime.usedMs).toBeLessThan(0.4 * elapsedMs);
    expect(cpuTime.waitedMs).toBeGreaterThan(0.6 * elapsedMs);
    expect(starvedMs(cpuTime, elapsedMs)).toBeGreaterThan(0.6 * elapsedMs);
  },
);

test('nothing is known of a process that has ended', async () => {
  const child = spawn('true', { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  expect(createCpuWatch(child.pid!)()).toBeUndefined();
});
