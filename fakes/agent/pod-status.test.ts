import { expect, test } from 'vitest';
import type { PodReport } from './context.js';
import { coversStatus, podStatusOf } from './pod-status.js';
import { testContainer, testPod, testRecord, testSandbox } from './testing-records.js';
import type { ContainerRecord } from './types.js';

const nowMs = Date.UTC(2026, 0, 1);

function reportOf(containers: ContainerRecord[], changes: Partial<PodReport> = {}): PodReport {
  const pod = testPod();
  return {
    entry: { key: 'uid-1', uid: 'uid-1', fullName: 'default/web', source: 'api', isStatic: false, pod },
    record: testRecord([testSandbox()], containers),
    waiting: new Map(),
    life: 0,
    finished: undefined,
    terminating: false,
    stopped: false,
    removed: false,
    ...changes,
  };
}

function readyOf(status: ReturnType<typeof podStatusOf>): string | undefined {
  return status.conditions?.find(({ type }) => type === 'Ready')?.status;
}

test('a running pod is ready, and has the address of its sandbox', () => {
  const status = podStatusOf(reportOf([testContainer()]), undefined, nowMs, () => true);
  expect(status).toMatchObject({ phase: 'Running', podIP: '10.0.0.1' });
  expect(status.containerStatuses).toMatchObject([{ ready: true, restartCount: 0 }]);
  expect(readyOf(status)).toBe('True');
});

test('what waits says why, and shows how it ended before', () => {
  const crashed = testContainer({ state: 'exited', exitCode: 3, finishedAtMs: nowMs, attempt: 2 });
  const waiting = new Map([['main', { reason: 'CrashLoopBackOff' }]]);
  const status = podStatusOf(reportOf([crashed], { waiting }), { phase: 'Running' }, nowMs, () => true);
  expect(status.phase).toBe('Running');
  expect(status.containerStatuses).toMatchObject([
    {
      ready: false,
      restartCount: 2,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 3 } },
    },
  ]);
});

test('a phase is terminal only when nothing runs any more, and never goes back', () => {
  const killed = testContainer({ state: 'exited', exitCode: 143, finishedAtMs: nowMs });
  const ending = reportOf([killed], { terminating: true });
  expect(podStatusOf(ending, { phase: 'Running' }, nowMs, () => true).phase).toBe('Running');
  const stopped = podStatusOf({ ...ending, stopped: true }, { phase: 'Running' }, nowMs, () => true);
  expect([stopped.phase, readyOf(stopped)]).toEqual(['Failed', 'False']);
  expect(podStatusOf(reportOf([testContainer()]), stopped, nowMs, () => true).phase).toBe('Failed');
});

test('exit codes survive the runtime, and an unknown end is no success', () => {
  const done = testContainer({ state: 'exited', exitCode: 5, finishedAtMs: nowMs });
  const before = podStatusOf(reportOf([done], { finished: 'Failed' }), undefined, nowMs, () => true);
  const later = podStatusOf(reportOf([], { stopped: true, terminating: true }), before, nowMs, () => true);
  expect(later.containerStatuses?.[0]?.state.terminated?.exitCode).toBe(5);
  const running = podStatusOf(reportOf([testContainer()]), undefined, nowMs, () => true);
  const lost = podStatusOf(reportOf([], { stopped: true, terminating: true }), running, nowMs, () => true);
  expect(lost.containerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 137 });
  expect(lost.phase).toBe('Failed');
});

test('a status is covered when all of the agent’s own fields are the same', () => {
  const wanted = podStatusOf(reportOf([testContainer()]), undefined, nowMs, () => true);
  const foreign = { type: 'Foreign', status: 'True' } as const;
  const actual = { ...wanted, conditions: [foreign, ...(wanted.conditions ?? [])] };
  expect(coversStatus(actual, wanted)).toBe(true);
  expect(coversStatus({ ...actual, phase: 'Pending' }, wanted)).toBe(false);
  expect(coversStatus({ ...actual, conditions: [foreign] }, wanted)).toBe(false);
  expect(coversStatus(undefined, wanted)).toBe(false);
});
