import { expect, test } from 'vitest';
import type { Container, ContainerStatus } from '../../harness/ports/cri.js';
import {
  applyContainerStatus,
  containerRecordOf,
  markVanished,
  newestContainer,
  updateContainer,
} from './runtime-records.js';
import { testContainer, testRecord, testSandbox } from './testing-records.js';

const item: Container = {
  id: 'c1',
  podSandboxId: 's1',
  metadata: { name: 'main', attempt: 3 },
  image: { image: 'image:v1' },
  imageRef: 'sha256:1',
  state: 'CONTAINER_RUNNING',
  createdAt: 1,
  labels: { 'io.kubernetes.container.name': 'main' },
  annotations: { 'io.kubernetes.container.hash': 'h', 'io.kubernetes.container.restartCount': '3' },
};
const status: ContainerStatus = {
  ...item,
  state: 'CONTAINER_EXITED',
  startedAt: 1_767_225_600_123_000_000,
  finishedAt: 1_767_225_600_456_000_000,
  exitCode: 7,
  reason: 'Error',
  message: '',
  logPath: '',
};

test('what has ended stays ended, whatever an older listing or answer says', () => {
  const record = containerRecordOf(item, 1);
  applyContainerStatus(record, status);
  expect(record).toMatchObject({ state: 'exited', exitCode: 7, detailed: true });
  expect(updateContainer(record, item)).toBe(false);
  expect(record.state).toBe('exited');
});

test('an answer that is older than the last listing does not count as the details', () => {
  const record = containerRecordOf(item, 1);
  updateContainer(record, { ...item, state: 'CONTAINER_EXITED' });
  applyContainerStatus(record, { ...status, state: 'CONTAINER_RUNNING', finishedAt: 0, exitCode: 0 });
  expect(record).toMatchObject({ state: 'exited', detailed: false });
});

test('times are never earlier than the runtime says', () => {
  const record = containerRecordOf(item, 1);
  applyContainerStatus(record, status);
  expect(record.finishedAtMs).toBeGreaterThanOrEqual(1_767_225_600_456);
  expect(record.finishedAtMs).toBeLessThanOrEqual(1_767_225_600_457);
});

test('a container that vanished while it ran has failed; one that had ended keeps its end', () => {
  const running = testContainer();
  markVanished(running, 5_000);
  expect(running).toMatchObject({ state: 'exited', exitCode: 137, finishedAtMs: 5_000, vanished: true });
  const done = testContainer({ state: 'exited', exitCode: 0, finishedAtMs: 3_000 });
  markVanished(done, 5_000);
  expect(done).toMatchObject({ exitCode: 0, finishedAtMs: 3_000, vanished: true });
});

test('a container that had ended keeps its end, although its status was about to be read again', () => {
  const doubted = testContainer({ state: 'exited', exitCode: 7, finishedAtMs: 3_000, detailed: false });
  markVanished(doubted, 5_000);
  expect(doubted).toMatchObject({ exitCode: 7, finishedAtMs: 3_000, vanished: true });
});

test('the newest container has the highest attempt, in the sandbox asked for', () => {
  const old = testContainer({ id: 'c1', attempt: 1, sandboxId: 'sandbox-1', createdAt: 9 });
  const recent = testContainer({ id: 'c2', attempt: 2, sandboxId: 'sandbox-2', createdAt: 3 });
  const record = testRecord([testSandbox()], [recent, old]);
  expect(newestContainer(record, 'main')?.id).toBe('c2');
  expect(newestContainer(record, 'main', 'sandbox-1')?.id).toBe('c1');
  expect(newestContainer(record, 'other')).toBeUndefined();
});
