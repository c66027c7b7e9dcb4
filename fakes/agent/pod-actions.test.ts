import { expect, test } from 'vitest';
import type { Pod } from '../../harness/spec/pod.js';
import { fastTimings } from '../../harness/spec/timings.js';
import type { PodActions } from './pod-actions.js';
import { computePodActions } from './pod-actions.js';
import { referenceDecisions } from './reference-decisions.js';
import { testContainer, testPod, testRecord, testSandbox } from './testing-records.js';
import type { ContainerRecord, PodRecord, SandboxRecord } from './types.js';

function actionsFor(pod: Pod, record: PodRecord | undefined, nowMs = 100_000): PodActions {
  return computePodActions({
    pod,
    record,
    nowMs,
    timings: fastTimings,
    decisions: referenceDecisions,
    replacing: new Set(),
  });
}

function withParts(sandboxes: SandboxRecord[], containers: ContainerRecord[] = []): PodRecord {
  return testRecord(sandboxes, containers);
}

/** Names of the containers to be started, in order. */
function startsOf(actions: PodActions): string[] {
  return actions.do === 'containers' ? actions.starts.map((start) => start.container.name) : [];
}

const exited = { state: 'exited', exitCode: 1, finishedAtMs: 2_000, reason: 'Error' } as const;

test('without anything a sandbox comes first, then the containers', () => {
  expect(actionsFor(testPod(), undefined)).toEqual({ do: 'createSandbox', attempt: 0 });
  expect(startsOf(actionsFor(testPod(), withParts([testSandbox()])))).toEqual(['main']);
});

test('a sound pod is left alone', () => {
  const record = withParts([testSandbox()], [testContainer()]);
  expect(actionsFor(testPod(), record)).toEqual({ do: 'nothing', wakeAtMs: undefined, backingOff: [] });
});

test.each([
  ['is not ready any more', [testSandbox({ ready: false })]],
  ['is one of two', [testSandbox(), testSandbox({ id: 'sandbox-2', attempt: 1 })]],
  ['has no address', [testSandbox({ ip: '' })]],
  ['has the wrong network', [testSandbox({ hostNetwork: true })]],
])('everything is stopped when the sandbox %s, and then another is made', (_why, sandboxes) => {
  expect(actionsFor(testPod(), withParts(sandboxes, [testContainer()]))).toEqual({ do: 'stopAll' });
  const stopped = sandboxes.map((sandbox) => ({ ...sandbox, ready: false }));
  const attempt = 1 + Math.max(...stopped.map((sandbox) => sandbox.attempt));
  expect(actionsFor(testPod(), withParts(stopped))).toEqual({ do: 'createSandbox', attempt });
});

test('no sandbox is made for a pod that has finished', () => {
  const pod = testPod({ restartPolicy: 'OnFailure' });
  const done = testContainer({ ...exited, exitCode: 0, reason: 'Completed' });
  const record = withParts([testSandbox({ ready: false })], [done]);
  expect(actionsFor(pod, record)).toEqual({ do: 'finish', phase: 'Succeeded' });
  expect(actionsFor(testPod({ restartPolicy: 'Always' }), record).do).toBe('createSandbox');
});

test('exited containers restart as the policy says, with the next attempt', () => {
  const record = withParts([testSandbox()], [testContainer({ ...exited, attempt: 4, streak: 0 })]);
  expect(actionsFor(testPod({ restartPolicy: 'Never' }), record)).toEqual({ do: 'finish', phase: 'Failed' });
  for (const restartPolicy of ['Always', 'OnFailure'] as const) {
    const actions = actionsFor(testPod({ restartPolicy }), record);
    expect(actions.do === 'containers' && actions.starts[0]).toMatchObject({ attempt: 5, streak: 1 });
  }
});

test('a container that memory shortage ended has failed, whatever its code', () => {
  const pod = testPod({ restartPolicy: 'OnFailure' });
  const killed = testContainer({ ...exited, exitCode: 0, reason: 'OOMKilled' });
  expect(startsOf(actionsFor(pod, withParts([testSandbox()], [killed])))).toEqual(['main']);
});

test('a crashing container waits for its back-off, and its sibling does not', () => {
  const pod = testPod({
    containers: [
      { name: 'main', image: 'image:v1' },
      { name: 'side', image: 'image:v1' },
    ],
  });
  const crashed = testContainer({ ...exited, streak: 2, startedAtMs: 98_500, finishedAtMs: 99_000 });
  const record = withParts([testSandbox()], [crashed, testContainer({ id: 'c2', name: 'side' })]);
  expect(actionsFor(pod, record)).toEqual({ do: 'nothing', wakeAtMs: 101_000, backingOff: ['main'] });
  expect(startsOf(actionsFor(pod, record, 101_000))).toEqual(['main']);
  const alone = withParts([testSandbox()], [crashed]);
  expect(startsOf(actionsFor(pod, alone))).toEqual(['side']);
});

test('another image replaces that container only, under any policy', () => {
  const pod = testPod({ restartPolicy: 'Never', containers: [{ name: 'main', image: 'image:v2' }] });
  const actions = actionsFor(pod, withParts([testSandbox()], [testContainer({ streak: 3 })]));
  expect(actions.do === 'containers' && actions.starts).toMatchObject([
    { stopFirst: { id: 'container-1' }, attempt: 1, streak: 0 },
  ]);
});

test('a container in an unknown state is stopped before anything else', () => {
  const record = withParts([testSandbox()], [testContainer({ state: 'unknown' })]);
  const actions = actionsFor(testPod(), record);
  expect(actions.do === 'containers' && actions.stops.map(({ id }) => id)).toEqual(['container-1']);
  expect(startsOf(actions)).toEqual([]);
});

test('a created container is started, not made again', () => {
  const actions = actionsFor(testPod(), withParts([testSandbox()], [testContainer({ state: 'created' })]));
  expect(actions.do === 'containers' && actions.starts[0]).toMatchObject({
    created: { id: 'container-1' },
    attempt: 0,
  });
});

const withInits = testPod({
  restartPolicy: 'OnFailure',
  initContainers: [
    { name: 'first', image: 'image:v1' },
    { name: 'helper', image: 'image:v1', restartPolicy: 'Always' },
    { name: 'last', image: 'image:v1' },
  ],
});
const succeeded = { ...exited, exitCode: 0, reason: 'Completed' };

test('init containers run one by one, sidecars before the next, regular ones after all', () => {
  const containers: ContainerRecord[] = [];
  const next = (): string[] => startsOf(actionsFor(withInits, withParts([testSandbox()], containers)));
  expect(next()).toEqual(['first']);
  containers.push(testContainer({ id: 'c1', name: 'first' }));
  expect(next()).toEqual([]);
  containers[0] = testContainer({ id: 'c1', name: 'first', ...succeeded });
  expect(next()).toEqual(['helper']);
  containers.push(testContainer({ id: 'c2', name: 'helper' }));
  expect(next()).toEqual(['last']);
  containers.push(testContainer({ id: 'c3', name: 'last', ...succeeded }));
  expect(next()).toEqual(['main']);
});

test('finished init containers do not run again when they are gone, unless the sandbox is new', () => {
  const main = testContainer();
  expect(startsOf(actionsFor(withInits, withParts([testSandbox()], [main])))).toEqual(['helper']);
  const sandboxes = [testSandbox({ ready: false }), testSandbox({ id: 'sandbox-2', attempt: 1 })];
  const old = testContainer({ ...exited });
  expect(startsOf(actionsFor(withInits, withParts(sandboxes, [old])))).toEqual(['first']);
});

test('a sidecar restarts while the pod is active and keeps no finished pod alive', () => {
  const helper = testContainer({ id: 'c2', name: 'helper', ...succeeded });
  const active = withParts([testSandbox()], [helper, testContainer()]);
  expect(startsOf(actionsFor(withInits, active))).toEqual(['helper']);
  const over = withParts([testSandbox()], [{ ...helper, state: 'running' }, testContainer(succeeded)]);
  expect(actionsFor(withInits, over)).toEqual({ do: 'finish', phase: 'Succeeded' });
});

test('what runs counts, whatever a late create left beside it, and of two that run one is stopped', () => {
  const late = testContainer({ id: 'late', attempt: 1, state: 'created' });
  const beside = withParts([testSandbox()], [testContainer(), late]);
  expect(actionsFor(testPod(), beside).do).toBe('nothing');
  const both = withParts([testSandbox()], [testContainer(), { ...late, state: 'running' }]);
  const actions = actionsFor(testPod(), both);
  expect(actions.do === 'containers' && actions.stops.map(({ id }) => id)).toEqual(['container-1']);
});
