import { expect, test } from 'vitest';
import { loadCriProtocol } from '../../core/cri-protocol.js';
import type { Container, ContainerStatus, PodSandbox } from '../../ports/cri.js';
import { answerSerializer } from './answer-serializer.js';

const sandbox = (uid: string, state: PodSandbox['state']): PodSandbox => ({
  id: `sandbox-${uid}`,
  metadata: { name: 'web', namespace: 'default', uid, attempt: 1 },
  state,
  createdAt: 1_700_000_000_000_000_000,
  labels: { 'io.kubernetes.pod.uid': uid, é: 'ü' },
  annotations: {},
  runtimeHandler: '',
});

const container = (id: string): Container => ({
  id,
  podSandboxId: 'sandbox-a',
  metadata: { name: 'main', attempt: 0 },
  image: { image: 'conformance/workload:v1' },
  imageRef: 'sha256:1',
  state: 'CONTAINER_EXITED',
  createdAt: 1,
  labels: {},
  annotations: { hash: 'x'.repeat(300) },
});

/** The serializer, what the protocol itself makes of an answer, and how often that was asked. */
function serializerOf(method: string) {
  const { responseSerialize, responseDeserialize } = loadCriProtocol().get(method)!;
  const asked: object[] = [];
  const serialize = answerSerializer(method, (response) => {
    asked.push(response);
    return responseSerialize(response);
  });
  return { serialize, responseSerialize, responseDeserialize, asked };
}

test('a list goes out as the protocol would send it', () => {
  const lists = serializerOf('ListPodSandbox');
  for (const items of [
    [],
    [sandbox('a', 'SANDBOX_READY')],
    ['a', 'b', 'c'].map((uid) => sandbox(uid, 'SANDBOX_NOTREADY')),
  ])
    expect(lists.serialize({ items })).toEqual(lists.responseSerialize({ items }));
  expect(lists.serialize({})).toEqual(lists.responseSerialize({}));

  const containers = ['a', 'b'].map(container);
  const { serialize, responseSerialize } = serializerOf('ListContainers');
  expect(serialize({ containers })).toEqual(responseSerialize({ containers }));
});

test('an entry that has not changed is encoded once, and one that was replaced anew', () => {
  const { serialize, responseDeserialize, asked } = serializerOf('ListPodSandbox');
  const [a, b] = [sandbox('a', 'SANDBOX_READY'), sandbox('b', 'SANDBOX_READY')];
  serialize({ items: [a, b] });
  serialize({ items: [b, a] });
  expect(asked).toHaveLength(2);

  const ended = sandbox('b', 'SANDBOX_NOTREADY');
  const { items } = responseDeserialize(serialize({ items: [a, ended] })) as { items: PodSandbox[] };
  expect(asked.slice(2)).toEqual([{ items: [ended] }]);
  expect(items.map(({ id, state }) => [id, state])).toEqual([
    ['sandbox-a', 'SANDBOX_READY'],
    ['sandbox-b', 'SANDBOX_NOTREADY'],
  ]);
});

test('an answer about one thing is encoded once, and one that was replaced anew', () => {
  const { serialize, responseSerialize, responseDeserialize, asked } = serializerOf('ContainerStatus');
  const { podSandboxId: _sandbox, ...own } = container('a');
  const status: ContainerStatus = {
    ...own,
    startedAt: 2,
    finishedAt: 0,
    exitCode: 0,
    reason: 'é',
    message: '',
    logPath: '',
  };
  const answer = { status, info: { a: 'b' } };
  for (const _time of [1, 2]) expect(serialize(answer)).toEqual(responseSerialize(answer));
  expect(asked).toEqual([answer]);

  const verbose = { status, info: {} };
  expect(serialize(verbose)).toEqual(responseSerialize(verbose));
  const ended: ContainerStatus = { ...status, exitCode: 3 };
  expect(responseDeserialize(serialize({ status: ended }))).toMatchObject({ status: { exitCode: 3 } });
});

test('an image that is not there is none', () => {
  const { serialize, responseSerialize } = serializerOf('ImageStatus');
  const image = { id: 'sha256:1', repoTags: ['a:1'], size: 7 };
  for (const response of [{}, { image: null }, { image }, { image, info: {} }])
    expect(serialize(response)).toEqual(responseSerialize(response));
});

test('what is asked for once goes out as it always did', () => {
  const { responseSerialize } = loadCriProtocol().get('Version')!;
  expect(answerSerializer('Version', responseSerialize)).toBe(responseSerialize);
});
