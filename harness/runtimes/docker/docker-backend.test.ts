import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { CriMethod } from '../../spec/plan.js';
import { workloadArguments } from '../../spec/workload.js';
import type { CriRequest, CriResponse, CriResult } from '../../ports/cri.js';
import type { RuntimeBackend, RuntimeChange } from '../../ports/runtime.js';
import { runtimeContract } from '../contract.js';
import { runLabels } from '../run-labels.js';
import { createFrameDecoder } from './container-log.js';
import { createDockerBackend } from './docker-backend.js';
import type { DockerEngine } from './docker-engine.js';
import { connectDocker } from './docker-engine.js';
import { ensureWorkloadImage } from './workload-image.js';

runtimeContract('docker', (observer) =>
  createDockerBackend({
    runId: `contract-${process.pid}`,
    observer,
    onFailure: (error) => void failures.push(error),
  }),
);

const failures: Error[] = [];
const changes: RuntimeChange[] = [];
let backend: RuntimeBackend;
let engine: DockerEngine;
let directory: string;
const runId = `docker-test-${process.pid}`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nac-docker-'));
  engine = await connectDocker();
  backend = await createDockerBackend({
    runId,
    observer: { onChange: (change) => void changes.push(change), onEvent: () => {} },
    onFailure: (error) => void failures.push(error),
  });
  await call('PullImage', { image: { image: 'w:1' } });
});
afterEach(() => expect(failures).toEqual([]));
afterAll(async () => {
  await backend.close();
  await rm(directory, { recursive: true, force: true });
});

function call<Method extends CriMethod>(method: Method, request: CriRequest<Method>): Promise<CriResult> {
  return new Promise((resolve) => backend.invoke(method, request, resolve));
}
async function idOf(result: Promise<CriResult>): Promise<string> {
  const { response } = (await result) as { response: { podSandboxId?: string; containerId?: string } };
  return response.podSandboxId ?? response.containerId!;
}
const runPod = (name: string): Promise<string> =>
  idOf(
    call('RunPodSandbox', { config: { metadata: { name, uid: name, namespace: 'default', attempt: 0 } } }),
  );
const create = (
  podSandboxId: string,
  name: string,
  more: Partial<CriRequest<'CreateContainer'>['config']> = {},
): Promise<string> =>
  idOf(
    call('CreateContainer', {
      podSandboxId,
      config: { metadata: { name, attempt: 0 }, image: { image: 'w:1' }, args: [], ...more },
    }),
  );
const lastOf = (id: string): RuntimeChange | undefined =>
  changes.filter((change) => change.kind !== 'image' && change.id === id).at(-1);
const labelled = async (label: string): Promise<string[]> => {
  const found = await engine.container.dockerode.listContainers({ all: true, filters: { label: [label] } });
  return found.map(({ Id }) => Id);
};

test('a container that takes more memory than it may is reported as killed for it', async () => {
  const pod = await runPod('memory');
  const containerId = await create(pod, 'big', {
    args: workloadArguments({ allocateMiB: 100 }),
    linux: { resources: { memoryLimitInBytes: 30 * 1024 * 1024, oomScoreAdj: -998 } },
  });
  await call('StartContainer', { containerId });
  await expect
    .poll(() => lastOf(containerId), { timeout: 15_000 })
    .toMatchObject({
      state: 'exited',
      exitCode: 137,
      cause: 'workload',
    });
  expect(await call('ContainerStatus', { containerId })).toMatchObject({
    response: { status: { reason: 'OOMKilled' } },
  });
});

test('a program that is not there: the start is refused, and the container has ended', async () => {
  const pod = await runPod('missing');
  const containerId = await create(pod, 'missing', { command: ['/no/such/program'] });
  expect(await call('StartContainer', { containerId })).toMatchObject({ code: 'UNKNOWN' });
  expect(await call('ContainerStatus', { containerId })).toMatchObject({
    response: { status: { state: 'CONTAINER_EXITED', exitCode: 128, reason: 'StartError' } },
  });
});

test('what someone does with the docker command is seen as done from outside', async () => {
  const pod = await runPod('outside');
  const [killed, removed] = [await create(pod, 'killed'), await create(pod, 'removed')];
  for (const containerId of [killed, removed]) await call('StartContainer', { containerId });
  await engine.container.getById(killed).kill();
  await engine.container.getById(removed).remove({ force: true });
  await expect.poll(() => lastOf(killed)).toMatchObject({ state: 'exited', exitCode: 137, cause: 'outside' });
  await expect.poll(() => lastOf(removed)).toMatchObject({ state: 'removed', cause: 'outside' });
  await engine.container.getById(pod).kill();
  await expect.poll(() => lastOf(pod)).toMatchObject({ state: 'notReady', cause: 'outside' });
});

test('containers of a pod share its network', async () => {
  const pod = await runPod('network');
  const containerId = await create(pod, 'main');
  await call('StartContainer', { containerId });
  const { status } = (
    (await call('PodSandboxStatus', { podSandboxId: pod })) as unknown as {
      response: CriResponse<'PodSandboxStatus'>;
    }
  ).response;
  const seen = await call('ExecSync', { containerId, cmd: ['/bin/hostname', '-i'], timeout: 5 });
  const { response } = seen as unknown as { response: { stdout: Buffer } };
  expect(response.stdout.toString().trim()).toBe(status.network!.ip);
});

test('a stop right after the start is not lost', async () => {
  const pod = await runPod('at-once');
  const containerId = await create(pod, 'main');
  await call('StartContainer', { containerId });
  const beganAt = performance.now();
  await call('StopContainer', { containerId, timeout: 20 });
  expect(performance.now() - beganAt).toBeLessThan(5_000);
  expect(lastOf(containerId)).toMatchObject({ exitCode: 143, cause: 'agent' });
});

test('without a static busybox it says how to get one', async () => {
  const dynamic = join(directory, 'busybox');
  writeFileSync(dynamic, '\x7fELF .. /lib64/ld-linux-x86-64.so.2', { mode: 0o755 });
  await expect(ensureWorkloadImage(engine, ['/nowhere', dynamic])).rejects.toMatchObject({
    code: 'busybox-missing',
    exitCode: 69,
    hint: expect.stringContaining('apt-get install busybox-static'),
  });
});

test('pieces of long lines are marked, and frames may come in pieces', () => {
  const frame = (stream: number, text: string): Buffer => {
    const head = Buffer.alloc(8);
    head[0] = stream;
    head.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([head, Buffer.from(text)]);
  };
  const lines: string[] = [];
  const decode = createFrameDecoder((line) => void lines.push(line));
  const bytes = Buffer.concat([frame(1, 'T1 long'), frame(1, 'T2  end\n'), frame(2, 'T3 \n')]);
  for (let at = 0; at < bytes.length; at += 5) decode(bytes.subarray(at, at + 5));
  expect(lines).toEqual(['T1 stdout P long\n', 'T2 stdout F  end\n', 'T3 stderr F \n']);
});

test('close removes everything of the run and nothing else', async () => {
  const own = `${runLabels.run}=${runId}-close`;
  const other = await createDockerBackend({
    runId: `${runId}-close`,
    observer: { onChange: () => {}, onEvent: () => {} },
  });
  const config = { metadata: { name: 'p', uid: 'p', namespace: 'default', attempt: 0 } };
  await new Promise((resolve) => other.invoke('RunPodSandbox', { config }, resolve));
  expect(await labelled(own)).toHaveLength(1);
  const before = await labelled(`${runLabels.run}=${runId}`);
  expect(before.length).toBeGreaterThan(0);
  await other.close();
  expect(await labelled(own)).toEqual([]);
  expect(await labelled(`${runLabels.run}=${runId}`)).toEqual(before);
});

test('a harness that is killed leaves no container behind', async () => {
  const killedRun = `${runId}-killed`;
  const script = `
    const { createDockerBackend } = await import('${new URL('./docker-backend.ts', import.meta.url).href}');
    const observer = { onChange() {}, onEvent() {} };
    const backend = await createDockerBackend({ runId: '${killedRun}', observer });
    const config = { metadata: { name: 'p', uid: 'p', namespace: 'default', attempt: 0 } };
    backend.invoke('RunPodSandbox', { config }, () => process.kill(process.pid, 'SIGKILL'));`;
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const signal = await new Promise((resolve) => child.once('exit', (_code, name) => resolve(name)));
  expect(signal).toBe('SIGKILL');
  await expect
    .poll(() => labelled(`${runLabels.run}=${killedRun}`), { timeout: 30_000, interval: 200 })
    .toEqual([]);
});
