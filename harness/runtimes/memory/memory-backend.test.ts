import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createRealClock } from '../../core/clock.js';
import type { CriMethod } from '../../spec/plan.js';
import { Keys } from '../../spec/pod.js';
import type { CriResult } from '../../ports/cri.js';
import type { CommandSession, Session } from '../../ports/streams.js';
import { runtimeContract } from '../contract.js';
import { createStreamingServer } from '../streaming/streaming-server.js';
import { createMemoryBackend } from './memory-backend.js';
import { createPodLogs } from './pod-logs.js';

const clock = createRealClock();

runtimeContract('memory', (observer) =>
  createMemoryBackend({
    clock,
    observer,
    logs: createPodLogs(),
    epochMs: Date.now() - clock.now(),
    streaming: createStreamingServer(),
  }),
);

test('a container that is interrupted twice from its terminal exits once, also when it is gone by then', async () => {
  const changes: string[] = [];
  const sessions: Session[] = [];
  const backend = createMemoryBackend({
    clock,
    observer: {
      onChange: (change) => void (change.kind === 'container' && changes.push(change.state)),
      onEvent() {},
      onStall() {},
    },
    epochMs: 0,
    streaming: {
      async offer(session) {
        sessions.push(session);
        return { code: 'OK', response: { url: '' } };
      },
      close: () => Promise.resolve(),
    },
  });
  const call = (method: CriMethod, request: object): Promise<Record<string, string>> =>
    new Promise((resolve) =>
      backend.invoke(method, request as never, (result) =>
        resolve((result as unknown as { response: Record<string, string> }).response),
      ),
    );
  await call('PullImage', { image: { image: 'conformance/workload:v1' } });
  const labels = { [Keys.labelPodUid]: 'u' };
  const metadata = { name: 'pod', uid: 'u', namespace: 'default', attempt: 0 };
  const { podSandboxId } = await call('RunPodSandbox', { config: { metadata, labels } });
  const image = { image: 'conformance/workload:v1' };
  const config = { metadata: { name: 'main', attempt: 0 }, image, labels, stdin: true, tty: true };
  const { containerId } = await call('CreateContainer', { podSandboxId, config });
  await call('StartContainer', { containerId });
  await call('Attach', { containerId, tty: true, stdin: true, stdout: true });
  const stdin = new PassThrough();
  const { signal: gone } = new AbortController();
  const streams = { stdin, stdout: new PassThrough(), stderr: undefined, onResize() {}, gone };
  void (sessions[0] as CommandSession).run(streams);
  stdin.write('\x03\x03');
  await expect.poll(() => changes).toContain('exited');
  await call('RemoveContainer', { containerId });
  stdin.write('\x03');
  await new Promise((resolve) => setImmediate(resolve));
  expect(changes).toEqual(['created', 'running', 'exited', 'removed']);
  expect(await call('ListContainers', { filter: { labelSelector: labels } })).toEqual({ containers: [] });
});

test('lists of one pod have what its label says, without what was removed', () => {
  const backend = createMemoryBackend({
    clock,
    observer: { onChange() {}, onEvent() {}, onStall() {} },
    logs: createPodLogs(),
    epochMs: 0,
    streaming: createStreamingServer(),
  });
  const call = (method: CriMethod, request: object): Record<string, unknown> => {
    let response: object | undefined;
    backend.invoke(
      method,
      request as never,
      (result) => (response = (result as { response: object }).response),
    );
    return response as Record<string, unknown>;
  };
  const run = (uid: string, attempt: number, labelled = uid): string => {
    const metadata = { name: `pod-${uid}`, uid, namespace: 'default', attempt };
    const config = { metadata, labels: { [Keys.labelPodUid]: labelled } };
    return call('RunPodSandbox', { config }).podSandboxId as string;
  };
  const create = (podSandboxId: string, name: string, labelled: string): string => {
    const config = {
      metadata: { name, attempt: 0 },
      image: { image: 'conformance/workload:v1' },
      labels: { [Keys.labelPodUid]: labelled },
    };
    return call('CreateContainer', { podSandboxId, config }).containerId as string;
  };
  const listed = (method: 'ListPodSandbox' | 'ListContainers', uid: string): string[] => {
    const response = call(method, { filter: { labelSelector: { [Keys.labelPodUid]: uid } } });
    const items = (response.items ?? response.containers) as { id: string }[];
    return items.map(({ id }) => id);
  };
  call('PullImage', { image: { image: 'conformance/workload:v1' } });
  const [first, other, second] = [run('a', 0), run('b', 0), run('a', 1)];
  const [own, astray] = [create(first, 'main', 'a'), create(other, 'main', 'a')];
  expect(listed('ListPodSandbox', 'a')).toEqual([first, second]);
  expect(listed('ListPodSandbox', 'b')).toEqual([other]);
  // The label counts, whatever sandbox it is in.
  expect(listed('ListContainers', 'a')).toEqual([own, astray]);
  expect(listed('ListContainers', 'b')).toEqual([]);
  call('RemovePodSandbox', { podSandboxId: first });
  expect(listed('ListPodSandbox', 'a')).toEqual([second]);
  expect(listed('ListContainers', 'a')).toEqual([astray]);
  expect(listed('ListPodSandbox', 'nobody')).toEqual([]);
});

test('the name of a sandbox is its own until it is removed, and its namespace is a part of it', () => {
  const backend = createMemoryBackend({
    clock,
    observer: { onChange() {}, onEvent() {}, onStall() {} },
    epochMs: 0,
  });
  const run = (namespace: string): CriResult => {
    const config = { metadata: { name: 'web', uid: 'u1', namespace, attempt: 0 } };
    let result: CriResult | undefined;
    backend.invoke('RunPodSandbox', { config } as never, (given) => (result = given));
    return result!;
  };
  const first = run('default') as { response: { podSandboxId: string } };
  expect(run('other').code).toBe('OK');
  expect(run('default')).toMatchObject({
    code: 'UNKNOWN',
    message: expect.stringContaining(`"web_default_u1_0" is reserved for "${first.response.podSandboxId}"`),
  });
  backend.invoke('RemovePodSandbox', first.response as never, () => {});
  expect(run('default').code).toBe('OK');
});

test('an answer about one thing is the same object until the thing is another', () => {
  const backend = createMemoryBackend({
    clock,
    observer: { onChange() {}, onEvent() {}, onStall() {} },
    epochMs: 0,
  });
  const response = (method: CriMethod, request: object): object => {
    let answer: CriResult | undefined;
    backend.invoke(method, request as never, (result) => (answer = result));
    return (answer as { response: object }).response;
  };
  const image = { image: 'conformance/workload:v1' };
  response('PullImage', { image });
  const metadata = { name: 'web', uid: 'a', namespace: 'default', attempt: 0 };
  const { podSandboxId } = response('RunPodSandbox', { config: { metadata } }) as { podSandboxId: string };
  const config = { metadata: { name: 'main', attempt: 0 }, image };
  const created = response('CreateContainer', { podSandboxId, config });
  const { containerId } = created as { containerId: string };

  const ask = (): object[] => [
    response('PodSandboxStatus', { podSandboxId }),
    response('ContainerStatus', { containerId }),
    response('ImageStatus', { image }),
  ];
  const before = ask();
  ask().forEach((answer, index) => expect(answer).toBe(before[index]));
  response('StartContainer', { containerId });
  response('StopPodSandbox', { podSandboxId });
  const [sandbox, container] = ask();
  expect(sandbox).toMatchObject({ status: { state: 'SANDBOX_NOTREADY' } });
  expect(container).toMatchObject({ status: { state: 'CONTAINER_EXITED' } });
});
