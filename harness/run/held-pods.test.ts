import { beforeEach, expect, test } from 'vitest';
import type { Container, Pod } from '../spec/pod.js';
import type { ContainerChanged, SandboxChanged, TraceEvent } from '../trace/events.js';
import { createHeldPods, type HeldPods } from './held-pods.js';
import { createRuntimeView, type RuntimeView } from './runtime-view.js';

let held: HeldPods;
let view: RuntimeView;
beforeEach(() => {
  held = createHeldPods('node-1');
  view = createRuntimeView();
});

const main: Container = { name: 'main', image: 'image:1' };

function pod(more: { metadata?: Partial<Pod['metadata']>; spec?: Partial<Pod['spec']> } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', uid: 'uid-1', ...more.metadata },
    spec: { containers: [main], ...more.spec },
  };
}

function hold(pods: readonly Pod[], source = 'file'): void {
  held.onEvent({ kind: 'source.held', source, pods } as unknown as TraceEvent);
}

function sandbox(more: Partial<SandboxChanged> = {}): void {
  view.observe({
    kind: 'sandbox',
    actor: 'runtime',
    id: 'sandbox-1',
    podUid: 'uid-1',
    podNamespace: 'default',
    podName: 'web',
    attempt: 0,
    state: 'ready',
    cause: 'call',
    ...more,
  } as SandboxChanged);
}

function container(more: Partial<ContainerChanged> = {}): void {
  view.observe({
    kind: 'container',
    actor: 'runtime',
    id: 'container-1',
    sandboxId: 'sandbox-1',
    podUid: 'uid-1',
    podNamespace: 'default',
    podName: 'web',
    name: 'main',
    attempt: 0,
    image: 'image:1',
    state: 'running',
    cause: 'call',
    ...more,
  } as ContainerChanged);
}

test('nothing held and nothing there is in place, and so is a pod that runs', () => {
  expect(held.areInPlace(view)).toBe(true);
  hold([pod()]);
  expect(held.areInPlace(view)).toBe(false);
  sandbox();
  expect(held.areInPlace(view)).toBe(false);
  container();
  expect(held.areInPlace(view)).toBe(true);
});

test('a pod whose sandbox was lost is not in place', () => {
  hold([pod()]);
  sandbox({ state: 'notReady' });
  container();
  expect(held.areInPlace(view)).toBe(false);
});

test('each source has its own pods, and the last that was told counts', () => {
  hold([pod()]);
  hold([pod({ metadata: { name: 'other', uid: 'uid-2' } })], 'api');
  sandbox();
  container();
  expect(held.areInPlace(view)).toBe(false);
  hold([], 'api');
  expect(held.areInPlace(view)).toBe(true);
});

test('what runs and is not held is not in place, nor is what is held and to be deleted', () => {
  sandbox();
  container();
  expect(held.areInPlace(view)).toBe(false);
  sandbox({ state: 'notReady' });
  expect(held.areInPlace(view)).toBe(false);
  container({ state: 'exited', exitCode: 0 });
  expect(held.areInPlace(view)).toBe(true);
  sandbox();
  container();
  hold([pod({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })]);
  expect(held.areInPlace(view)).toBe(false);
});

test('a version before it does not stand for a pod', () => {
  hold([pod({ metadata: { uid: 'uid-2' } })]);
  sandbox();
  container();
  expect(held.areInPlace(view)).toBe(false);
  sandbox({ id: 'sandbox-2', podUid: 'uid-2' });
  expect(held.areInPlace(view)).toBe(false);
  container({ id: 'container-2', sandboxId: 'sandbox-2', podUid: 'uid-2' });
  expect(held.areInPlace(view)).toBe(false);
  sandbox({ state: 'notReady' });
  container({ state: 'exited', exitCode: 143 });
  expect(held.areInPlace(view)).toBe(true);
});

test('a static pod whose manifest has no UID is known by its name, with the name of the node or without', () => {
  const { uid: _, ...nameless } = pod().metadata;
  hold([{ ...pod(), metadata: nameless }]);
  container();
  for (const podName of ['web-node-1', 'web']) {
    sandbox({ podUid: 'made up', podName });
    expect(held.areInPlace(view)).toBe(true);
  }
  sandbox({ podUid: 'made up', podName: 'web-node-2' });
  expect(held.areInPlace(view)).toBe(false);
});

test('a container of an API pod that ended is in place when its policy does not start it again', () => {
  container({ state: 'exited', exitCode: 0 });
  for (const [restartPolicy, isInPlace] of [
    ['Always', false],
    ['OnFailure', true],
    ['Never', true],
  ] as const) {
    hold([pod({ spec: { restartPolicy } })], 'api');
    // Its sandbox may be stopped by then.
    for (const state of ['ready', 'notReady'] as const) {
      sandbox({ state });
      expect(held.areInPlace(view)).toBe(isInPlace);
    }
  }
  sandbox();
  hold([pod({ spec: { restartPolicy: 'OnFailure' } })], 'api');
  container({ state: 'exited', exitCode: 1 });
  expect(held.areInPlace(view)).toBe(false);
});

test('of a static pod it may be the version before, for which the next one waits', () => {
  hold([pod({ spec: { restartPolicy: 'Never' } })]);
  sandbox({ state: 'notReady' });
  container({ state: 'exited', exitCode: 143 });
  expect(held.areInPlace(view)).toBe(false);
});

test('a name that is held twice is not in place: one of them may wait for the other', () => {
  const { uid: _, ...nameless } = pod().metadata;
  sandbox({ podName: 'web-node-1' });
  container();
  hold([{ ...pod(), metadata: nameless }]);
  expect(held.areInPlace(view)).toBe(true);
  for (const metadata of [nameless, { ...nameless, name: 'web-node-1' }]) {
    hold([{ ...pod(), metadata }], 'http');
    expect(held.areInPlace(view)).toBe(false);
  }
  hold([], 'http');
  sandbox({ id: 'sandbox-2', podUid: 'uid-2' });
  container({ id: 'container-2', sandboxId: 'sandbox-2', podUid: 'uid-2' });
  hold([pod({ metadata: { uid: 'uid-2' } })], 'api');
  expect(held.areInPlace(view)).toBe(false);
});

test('sidecars run as long as the pod, and plain init containers may be gone', () => {
  const [init, sidecar] = [
    { ...main, name: 'init' },
    { ...main, name: 'sidecar', restartPolicy: 'Always' as const },
  ];
  hold([pod({ spec: { initContainers: [init, sidecar] } })]);
  sandbox();
  container();
  expect(held.areInPlace(view)).toBe(false);
  container({ id: 'container-2', name: 'sidecar' });
  expect(held.areInPlace(view)).toBe(true);
});
