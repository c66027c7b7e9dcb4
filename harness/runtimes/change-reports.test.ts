import { expect, test } from 'vitest';
import type { ContainerStatus, PodSandboxStatus } from '../ports/cri.js';
import type { ContainerChanged } from '../trace/events.js';
import { createChangeReports } from './change-reports.js';

/** What is told of a container that ended so many milliseconds ago. */
function toldOf(agoMs: number): ContainerChanged {
  const told: unknown[] = [];
  const { container } = createChangeReports({ onChange: (change) => told.push(change), onEvent() {} });
  const metadata = { name: 'web', namespace: 'default', uid: 'u1', attempt: 0 };
  const finishedAt = (Date.now() - agoMs) * 1e6;
  const record = {
    id: 'c1',
    item: { metadata: { name: 'main', attempt: 0 }, image: { image: 'image:1' } },
    status: { exitCode: 3, finishedAt } as ContainerStatus,
  };
  const sandbox = { id: 's1', item: { metadata }, status: {} as PodSandboxStatus, containers: [record] };
  container({ ...record, sandbox } as unknown as Parameters<typeof container>[0], 'exited', 'workload');
  return told[0] as ContainerChanged;
}

test('an end that is seen late says how late', () => {
  const { exitCode, lateMs } = toldOf(150);
  expect(exitCode).toBe(3);
  expect(lateMs).toBeGreaterThanOrEqual(150);
  expect(lateMs).toBeLessThan(1_000);
});

test.each([
  ['in the future', -5_000],
  ['an hour ago', 3_600_000],
])('the clock of a runtime that says %s is another', (_when, agoMs) => {
  expect(toldOf(agoMs).lateMs).toBeUndefined();
});
