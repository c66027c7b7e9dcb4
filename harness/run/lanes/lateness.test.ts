import { expect, test } from 'vitest';
import type { Clock } from '../../core/clock.js';
import type { ContainerChanged } from '../../trace/events.js';
import { createLateness } from './lateness.js';

function lateAgent() {
  let nowMs = 0;
  const clock = { now: () => nowMs } as Clock;
  const lateness = createLateness(clock, 1_000);
  const all = { filter: { id: '', labelSelector: {}, podSandboxId: '' } };
  const changed = (state: string, cause: string) =>
    lateness.noteChange({ kind: 'container', id: 'c1', state, cause } as ContainerChanged);
  return {
    lateness,
    changed,
    at(ms: number) {
      nowMs = ms;
      return { look: () => lateness.noteCall('ListContainers', all), changed };
    },
  };
}

test('who looks later than its period is late by the rest, also before it looks', () => {
  const { lateness, at } = lateAgent();
  at(1_000).look();
  at(2_100).look();
  expect(lateness.take()).toBe(100);
  at(3_000).look();
  expect(lateness.take()).toBe(0);
  at(5_000);
  expect(lateness.take()).toBe(1_000);
});

test('a look at some containers is no look at all of them', () => {
  const { lateness, at } = lateAgent();
  at(1_000).look();
  at(2_000);
  lateness.noteCall('ListContainers', { filter: { labelSelector: { uid: 'a' } } });
  lateness.noteCall('ListContainers', {
    filter: { labelSelector: {}, state: { state: 'CONTAINER_RUNNING' } },
  });
  at(3_000);
  expect(lateness.take()).toBe(1_000);
});

test('who looks in time, and asks for what has changed long after, is late', () => {
  const { lateness, at, changed } = lateAgent();
  changed('exited', 'workload');
  for (const ms of [1_000, 2_000, 3_000, 4_000]) at(ms).look();
  lateness.noteCall('ContainerStatus', { containerId: 'c1' });
  expect(lateness.take()).toBe(3_000);
  at(5_000).look();
  lateness.noteCall('ContainerStatus', { containerId: 'c1' });
  expect(lateness.take()).toBe(0);
});

test('what the agent ended itself it need not ask for', () => {
  const { lateness, at, changed } = lateAgent();
  changed('running', 'agent');
  changed('exited', 'agent');
  for (const ms of [1_000, 2_000, 3_000]) at(ms).look();
  lateness.noteCall('ContainerStatus', { containerId: 'c1' });
  expect(lateness.take()).toBe(0);
});

test('an agent that was not let run is late by as long', () => {
  const { lateness, at } = lateAgent();
  at(1_000).look();
  lateness.noteStarved(700);
  expect(lateness.take()).toBe(700);
});

test('who learns of containers in another way than by listing them all is not late for that', () => {
  const { lateness, at } = lateAgent();
  for (let ms = 1_000; ms <= 60_000; ms += 1_000) {
    at(ms);
    expect(lateness.take()).toBe(0);
  }
  // Once in a minute, to make sure.
  at(60_000).look();
  at(120_000).look();
  expect(lateness.take()).toBe(0);
});

test('who lists them all again and again, and then no more, is late for some periods only', () => {
  const { lateness, at } = lateAgent();
  for (const ms of [1_000, 2_000]) at(ms).look();
  at(12_000);
  expect(lateness.take()).toBe(9_000);
  at(13_000);
  expect(lateness.take()).toBe(0);
});
