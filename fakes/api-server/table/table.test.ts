import { expect, test } from 'vitest';
import type { ApiObject } from '../api-object.js';
import { testPod } from '../testing-objects.js';
import { humanDuration } from './human-duration.js';
import { represented, representedEvent, representationOf } from './representation.js';

const nowMs = Date.UTC(2026, 0, 1, 1);
const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

function rowOf(object: object): unknown[] {
  const form = representationOf(tableType, {});
  return (represented(object, form, nowMs) as { rows: { cells: unknown[] }[] }).rows[0]!.cells;
}

test.each([
  [0, '0s'],
  [119_999, '119s'],
  [120_000, '2m'],
  [125_000, '2m5s'],
  [3_000_000, '50m'],
  [4 * 3_600_000 + 120_000, '4h2m'],
  [30 * 3_600_000, '30h'],
  [3 * 86_400_000 + 7_200_000, '3d2h'],
  [100 * 86_400_000, '100d'],
  [3 * 365 * 86_400_000, '3y'],
  [-5_000, '<invalid>'],
])('%i ms are %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text);
});

function podWith(status: object, parts: Parameters<typeof testPod>[1] = {}): ApiObject {
  return testPod('web', { ...parts, status });
}

const running = { name: 'main', ready: true, state: { running: {} }, restartCount: 0 };

test.each([
  ['that waits', podWith({ phase: 'Pending' }), '0/1', 'Pending'],
  ['that runs', podWith({ phase: 'Running', containerStatuses: [running] }), '1/1', 'Running'],
  [
    'that is deleted',
    podWith({ phase: 'Running', containerStatuses: [running] }, { metadata: { deletionTimestamp: 'x' } }),
    '1/1',
    'Terminating',
  ],
  [
    'that crashes',
    podWith({
      phase: 'Running',
      containerStatuses: [{ name: 'main', ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
    }),
    '0/1',
    'CrashLoopBackOff',
  ],
  [
    'that has done its work',
    podWith({
      phase: 'Succeeded',
      containerStatuses: [{ name: 'main', state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
    }),
    '0/1',
    'Completed',
  ],
  [
    'that was killed',
    podWith({ phase: 'Failed', containerStatuses: [{ name: 'main', state: { terminated: { signal: 9 } } }] }),
    '0/1',
    'Signal:9',
  ],
  ['that was evicted', podWith({ phase: 'Failed', reason: 'Evicted' }), '0/1', 'Evicted'],
  [
    'of which one container has ended',
    podWith({
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'False' }],
      containerStatuses: [
        { name: 'other', state: { terminated: { exitCode: 0, reason: 'Completed' } } },
        running,
      ],
    }),
    '1/1',
    'NotReady',
  ],
  [
    'that prepares itself',
    podWith(
      { phase: 'Pending', initContainerStatuses: [{ name: 'first', state: { running: {} } }] },
      { spec: { initContainers: [{ name: 'first' }, { name: 'second' }] } },
    ),
    '0/1',
    'Init:0/2',
  ],
  [
    'whose preparation fails',
    podWith(
      {
        phase: 'Pending',
        initContainerStatuses: [{ name: 'first', state: { terminated: { exitCode: 3, reason: 'Error' } } }],
      },
      { spec: { initContainers: [{ name: 'first' }] } },
    ),
    '0/1',
    'Init:Error',
  ],
  [
    'with a sidecar',
    podWith(
      {
        phase: 'Running',
        initContainerStatuses: [{ ...running, name: 'side', started: true }],
        containerStatuses: [running],
      },
      { spec: { initContainers: [{ name: 'side', restartPolicy: 'Always' }] } },
    ),
    '2/2',
    'Running',
  ],
])('a pod %s', (_name, pod, ready, state) => {
  const cells = rowOf(pod);
  expect(cells.slice(1, 3)).toEqual([ready, state]);
});

test('restarts say when the last one was', () => {
  const finishedAt = '2026-01-01T00:55:00Z';
  const restarted = { ...running, restartCount: 2, lastState: { terminated: { finishedAt } } };
  expect(rowOf(podWith({ containerStatuses: [restarted] }))[3]).toBe('2 (5m ago)');
});

test('nodes, events and others have columns of their own', () => {
  const node = {
    kind: 'Node',
    metadata: {
      name: 'n',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'node-role.kubernetes.io/worker': '' },
    },
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      nodeInfo: { kubeletVersion: 'v1.36.0' },
    },
  };
  expect(rowOf(node).slice(0, 6)).toEqual([
    'n',
    'Ready,SchedulingDisabled',
    'worker',
    '60m',
    'v1.36.0',
    '10.0.0.1',
  ]);
  const event = {
    kind: 'Event',
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'web' },
    lastTimestamp: '2026-01-01T00:59:00Z',
    type: 'Normal',
    reason: 'Started',
    message: 'm',
  };
  expect(rowOf(event)).toEqual(['60s', 'Normal', 'Started', 'pod/web', 'm']);
  expect(rowOf({ kind: 'CSINode', metadata: { name: 'c' }, spec: { drivers: [{}] } })).toEqual([
    'c',
    1,
    '<unknown>',
  ]);
});

test('a client gets the first form that it takes and there is', () => {
  const list = {
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '9' },
    items: [testPod('a')],
  };
  const shown = (accept: string | undefined, query = {}): unknown =>
    represented(list, representationOf(accept, query), nowMs);
  expect(shown(undefined)).toBe(list);
  expect(shown('application/vnd.kubernetes.protobuf, application/json')).toBe(list);
  expect(() => shown('application/vnd.kubernetes.protobuf')).toThrow(/only the following media types/);
  expect(shown(tableType)).toMatchObject({
    kind: 'Table',
    metadata: { resourceVersion: '9' },
    rows: [{ object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } } }],
  });
  expect(shown(tableType, { includeObject: 'Object' })).toMatchObject({ rows: [{ object: testPod('a') }] });
  expect(shown('application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io')).toMatchObject({
    kind: 'PartialObjectMetadataList',
    items: [{ kind: 'PartialObjectMetadata' }],
  });
  const form = representationOf(tableType, {});
  const added = { type: 'ADDED', object: testPod('a') } as never;
  expect(representedEvent(added, form, nowMs)).toMatchObject({ type: 'ADDED', object: { kind: 'Table' } });
  const error = { type: 'ERROR', object: { kind: 'Status', code: 410 } } as never;
  expect(representedEvent(error, form, nowMs)).toBe(error);
});

test('an object that nobody should have stored has a row as well', () => {
  const odd = podWith({ containerStatuses: [null], conditions: 'x', podIPs: 7 });
  expect(rowOf(odd)).toEqual(['web', ...Array.from({ length: 8 }, () => '<unknown>')]);
  const node = { kind: 'Node', metadata: { name: 'n' }, status: { conditions: 'x', addresses: {} } };
  expect(rowOf(node)).toHaveLength(10);
});
