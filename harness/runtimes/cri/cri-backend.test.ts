import { spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type {
  ContainerConfig,
  CriRequest,
  CriResponse,
  CriResult,
  NamespaceOption,
} from '../../ports/cri.js';
import type { RuntimeBackend, RuntimeChange } from '../../ports/runtime.js';
import type { CriMethod } from '../../spec/plan.js';
import { workloadArguments, workloadCommand } from '../../spec/workload.js';
import { runtimeContract } from '../contract.js';
import { runLabels } from '../run-labels.js';
import { createCriBackend } from './cri-backend.js';
import type { CriRuntime } from './cri-runtime.js';
import { connectRuntime } from './cri-runtime.js';
import { ensureWorkload, hasWorkload } from './ensure-workload.js';
import { testEndpoint as endpoint } from './test-endpoint.js';

const failures: Error[] = [];
const onFailure = (error: Error): void => void failures.push(error);

runtimeContract(
  'cri',
  (observer) => createCriBackend({ endpoint, runId: `contract-${process.pid}`, observer, onFailure }),
  {
    metrics: 'the containerd of Debian has no ListPodSandboxMetrics',
    podResources: 'the containerd of Debian has no UpdatePodSandboxResources',
  },
);

const runId = `cri-test-${process.pid}`;
const changes: RuntimeChange[] = [];
let backend: RuntimeBackend;
/** The same runtime without the suite in between. */
let direct: CriRuntime;

beforeAll(async () => {
  direct = await connectRuntime(endpoint);
  const observer = { onChange: (change: RuntimeChange) => void changes.push(change), onEvent: () => {} };
  backend = await createCriBackend({ endpoint, runId, observer, onFailure });
  await call('PullImage', { image: { image: 'w:1' } });
});
afterEach(() => expect(failures).toEqual([]));
afterAll(async () => {
  await backend.close();
  direct.close();
});

const invoke = <Method extends CriMethod>(method: Method, request: CriRequest<Method>): Promise<CriResult> =>
  new Promise((resolve) => backend.invoke(method, request, resolve));
async function call<Method extends CriMethod>(
  method: Method,
  request: CriRequest<Method>,
): Promise<CriResponse<Method>> {
  const result = await invoke(method, request);
  expect(result, method).toMatchObject({ code: 'OK' });
  return (result as unknown as { response: CriResponse<Method> }).response;
}
const sandboxConfig = (
  name: string,
  options: NamespaceOption = {},
): CriRequest<'RunPodSandbox'>['config'] => ({
  metadata: { name, uid: name, namespace: 'default', attempt: 0 },
  linux: { securityContext: { namespaceOptions: options } },
});
const runPod = async (name: string, options?: NamespaceOption): Promise<string> =>
  (await call('RunPodSandbox', { config: sandboxConfig(`${name}-${process.pid}`, options) })).podSandboxId;
async function start(
  podSandboxId: string,
  name: string,
  more: Partial<ContainerConfig> = {},
): Promise<string> {
  const config = {
    metadata: { name, attempt: 0 },
    image: { image: 'w:1' },
    command: [workloadCommand],
    ...more,
  };
  const { containerId } = await call('CreateContainer', { podSandboxId, config });
  await call('StartContainer', { containerId });
  return containerId;
}
const ownPids = (pid: 'POD' | 'CONTAINER' | 'NODE'): Partial<ContainerConfig> => ({
  linux: { securityContext: { namespaceOptions: { pid } } },
});
const lastOf = (id: string): RuntimeChange | undefined =>
  changes.filter((change) => change.kind !== 'image' && change.id === id).at(-1);
const podsOf = async (run: string): Promise<string[]> => {
  const { items } = await direct.call('ListPodSandbox', {
    filter: { labelSelector: { [runLabels.run]: run } },
  });
  return items.map(({ id }) => id).sort();
};

test('what others have in the runtime is neither shown nor touched', async () => {
  const config = sandboxConfig(`foreign-${process.pid}`);
  const { podSandboxId } = await direct.call('RunPodSandbox', {
    config: { ...config, labels: { app: 'x' } },
  });
  try {
    const own = await runPod('own');
    expect((await call('ListPodSandbox', {})).items.map(({ id }) => id)).toEqual([own]);
    expect(await invoke('PodSandboxStatus', { podSandboxId })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await call('StopPodSandbox', { podSandboxId })).toEqual({});
    await call('RemovePodSandbox', { podSandboxId });
    expect(await backend.removeSandbox(podSandboxId)).toBe(false);
    expect((await direct.call('PodSandboxStatus', { podSandboxId })).status.state).toBe('SANDBOX_READY');
    // The labels by which the suite knows its own are none of the agent's.
    const { items } = await call('ListPodSandbox', { filter: { id: own } });
    expect(items[0]!.labels).toEqual({});
    const seen = await direct.call('PodSandboxStatus', { podSandboxId: own });
    expect(seen.status.labels).toMatchObject({ [runLabels.run]: runId });
    await call('RemovePodSandbox', { podSandboxId: own });
  } finally {
    await direct.call('StopPodSandbox', { podSandboxId });
    await direct.call('RemovePodSandbox', { podSandboxId });
  }
});

test('runs side by side may have pods of the same name, and are not told of each other', async () => {
  const run = `${runId}-beside`;
  const other = await createCriBackend({ endpoint, runId: run, observer: { onChange() {}, onEvent() {} } });
  const config = sandboxConfig('same');
  const beside = await new Promise((resolve) => other.invoke('RunPodSandbox', { config }, resolve));
  expect(beside).toMatchObject({ code: 'OK' });
  const { podSandboxId } = await call('RunPodSandbox', { config });
  expect((await call('PodSandboxStatus', { podSandboxId })).status.metadata).toEqual(config.metadata);
  expect((await call('ListPodSandbox', {})).items.map(({ metadata }) => metadata)).toContainEqual(
    config.metadata,
  );
  const name = 'same_default_same_0';
  expect(await invoke('RunPodSandbox', { config })).toEqual({
    code: 'UNKNOWN',
    message: `failed to reserve sandbox name "${name}": name "${name}" is reserved for "${podSandboxId}"`,
  });
  await other.close();
});

test('what others do to its pods is seen as done from outside', async () => {
  const pod = await runPod('outside');
  const [killed, removed, left] = [
    await start(pod, 'killed'),
    await start(pod, 'removed'),
    await start(pod, 'left'),
  ];
  await direct.call('StopContainer', { containerId: killed, timeout: 0 });
  await expect.poll(() => lastOf(killed)).toMatchObject({ state: 'exited', exitCode: 137, cause: 'outside' });
  await direct.call('RemoveContainer', { containerId: removed });
  await expect.poll(() => lastOf(removed)).toMatchObject({ state: 'removed', cause: 'outside' });
  await direct.call('StopPodSandbox', { podSandboxId: pod });
  await expect.poll(() => lastOf(pod)).toMatchObject({ state: 'notReady', cause: 'outside' });
  expect(lastOf(left)).toMatchObject({ state: 'exited', cause: 'outside' });
  await direct.call('RemovePodSandbox', { podSandboxId: pod });
  await expect.poll(() => lastOf(pod)).toMatchObject({ state: 'removed', cause: 'outside' });
});

test('an answer that shows a change never comes before the change is reported', async () => {
  const pod = await runPod('order');
  const containerId = await start(pod, 'short', { args: workloadArguments({ runMs: 100 }) });
  const { status } = await call('ContainerStatus', { containerId });
  for (let state = status.state; state !== 'CONTAINER_EXITED';) {
    state = (await call('ListContainers', { filter: { id: containerId } })).containers[0]!.state;
    expect(lastOf(containerId)).toMatchObject({ state: state === 'CONTAINER_EXITED' ? 'exited' : 'running' });
  }
  await call('RemovePodSandbox', { podSandboxId: pod });
});

test('a container that takes more memory than it may is reported as killed for it', async () => {
  const pod = await runPod('memory');
  const containerId = await start(pod, 'big', {
    args: workloadArguments({ allocateMiB: 100 }),
    linux: { resources: { memoryLimitInBytes: 30 * 1024 * 1024, oomScoreAdj: -998 } },
  });
  await expect
    .poll(() => lastOf(containerId), { timeout: 15_000 })
    .toMatchObject({ state: 'exited', exitCode: 137, cause: 'workload' });
  expect((await call('ContainerStatus', { containerId })).status.reason).toBe('OOMKilled');
});

test('a program that is not there: the start is refused, and the container has ended', async () => {
  const pod = await runPod('missing');
  const config = {
    metadata: { name: 'missing', attempt: 0 },
    image: { image: 'w:1' },
    command: ['/no/such'],
  };
  const { containerId } = await call('CreateContainer', { podSandboxId: pod, config });
  expect(await invoke('StartContainer', { containerId })).toMatchObject({ code: 'UNKNOWN' });
  const { status } = await call('ContainerStatus', { containerId });
  expect(status).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 128, reason: 'StartError' });
  expect(lastOf(containerId)).toMatchObject({ state: 'exited', cause: 'agent' });
});

test.each(['CONTAINER', 'POD', 'NODE'] as const)(
  'processes as %s: a stop at once, an exit by order',
  async (pid) => {
    const pod = await runPod(`pids-${pid.toLowerCase()}`, { pid });
    const stopped = await start(pod, 'stopped', ownPids(pid));
    const beganAt = performance.now();
    await call('StopContainer', { containerId: stopped, timeout: 20 });
    expect(performance.now() - beganAt).toBeLessThan(5_000);
    expect(lastOf(stopped)).toMatchObject({ exitCode: 143, cause: 'agent' });
    const ended = await start(pod, 'ended', ownPids(pid));
    const ready = { containerId: ended, cmd: [workloadCommand, 'ready'] };
    await expect.poll(async () => (await call('ExecSync', ready)).exitCode, { timeout: 5_000 }).toBe(0);
    expect(await backend.exitContainer(ended, 9)).toBe(true);
    expect(lastOf(ended)).toMatchObject({ state: 'exited', exitCode: 9, cause: 'workload' });
  },
);

test('an image that somebody cleared away is loaded again', async () => {
  const image = await ensureWorkload(direct);
  const pod = await runPod('image');
  await direct.call('RemoveImage', { image: { image } });
  expect(await hasWorkload(direct)).toBe(false);
  await start(pod, 'main');
  expect(await hasWorkload(direct)).toBe(true);
});

test('statistics are of the own containers, without the labels of the suite', async () => {
  const pod = await runPod('stats');
  const containerId = await start(pod, 'main', { labels: { app: 'stats' } });
  const filter = { filter: { labelSelector: { app: 'stats' } } };
  const { stats } = await call('ListContainerStats', filter);
  expect(stats.map(({ attributes }) => attributes)).toMatchObject([{ id: containerId }]);
  expect(stats[0]!.attributes.labels).toEqual({ app: 'stats' });
  expect(await call('ContainerStats', { containerId })).toMatchObject({
    stats: { attributes: { id: containerId, labels: { app: 'stats' } } },
  });
  expect(await invoke('ContainerStats', { containerId: 'other' })).toMatchObject({
    code: 'NOT_FOUND',
  });
});

test('close removes everything of the run and nothing else', async () => {
  const run = `${runId}-close`;
  const other = await createCriBackend({ endpoint, runId: run, observer: { onChange() {}, onEvent() {} } });
  const config = sandboxConfig(`close-${process.pid}`);
  const done = new Promise((resolve) => other.invoke('RunPodSandbox', { config }, resolve));
  // One that is only being made when the run ends is removed, too.
  const late = sandboxConfig(`late-${process.pid}`);
  other.invoke('RunPodSandbox', { config: late }, () => {});
  await done;
  expect((await podsOf(run)).length).toBeGreaterThan(0);
  const before = await podsOf(runId);
  expect(before.length).toBeGreaterThan(0);
  await other.close();
  expect(await podsOf(run)).toEqual([]);
  expect(await podsOf(runId)).toEqual(before);
});

test('a harness that is killed leaves no pod behind', async () => {
  const run = `${runId}-killed`;
  const script = `
    const { createCriBackend } = await import('${new URL('./cri-backend.ts', import.meta.url).href}');
    const observer = { onChange() {}, onEvent() {} };
    const backend = await createCriBackend({ endpoint: '${endpoint}', runId: '${run}', observer });
    const config = ${JSON.stringify(sandboxConfig(`killed-${process.pid}`))};
    backend.invoke('RunPodSandbox', { config }, (result) => {
      console.log(result.code);
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 10);
    });`;
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  child.stdout.on('data', (chunk) => (said += String(chunk)));
  const signal = await new Promise((resolve) => child.once('exit', (_code, name) => resolve(name)));
  expect([signal, said]).toEqual(['SIGKILL', 'OK\n']);
  await expect.poll(() => podsOf(run), { timeout: 30_000, interval: 200 }).toEqual([]);
});
