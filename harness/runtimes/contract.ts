import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CriMethod, Workload } from '../spec/plan.js';
import { preStopCommand, readyCommand, workloadArguments, workloadCommand } from '../spec/workload.js';
import type { ContainerEvent, ContainerStatus, CriRequest, CriResponse, CriResult } from '../ports/cri.js';
import type { RuntimeBackend, RuntimeChange, RuntimeObserver } from '../ports/runtime.js';

/** How a backend under contract gets its log lines to a file, for those that do not write by themselves. */
export type WriteLog = (path: string, line: string) => void;

export type MakeBackend = (
  observer: RuntimeObserver,
  writeLog: WriteLog,
) => Promise<RuntimeBackend> | RuntimeBackend;

const image = 'conformance/workload:v1';

/** What every runtime behind the CRI must do alike, on a real clock. Each backend's test file calls it. */
export function runtimeContract(name: string, makeBackend: MakeBackend): void {
  describe(`runtime contract: ${name}`, () => {
    const changes: RuntimeChange[] = [];
    const events: ContainerEvent[] = [];
    let backend: RuntimeBackend;
    let logDirectory: string;
    let podCount = 0;

    beforeAll(async () => {
      logDirectory = mkdtempSync(join(tmpdir(), 'nac-logs-'));
      backend = await makeBackend(
        { onChange: (change) => changes.push(change), onEvent: (event) => events.push(event) },
        (path, line) => appendFileSync(path, `${line}\n`),
      );
      await call('PullImage', { image: { image } });
    });
    afterAll(async () => {
      await backend.close();
      rmSync(logDirectory, { recursive: true, force: true });
    });
    beforeEach(() => {
      changes.length = 0;
      events.length = 0;
    });

    function invoke<Method extends CriMethod>(
      method: Method,
      request: CriRequest<Method>,
    ): Promise<CriResult> {
      return new Promise((resolve) => backend.invoke(method, request, resolve));
    }
    async function call<Method extends CriMethod>(
      method: Method,
      request: CriRequest<Method>,
    ): Promise<CriResponse<Method>> {
      const result = await invoke(method, request);
      expect(result, method).toMatchObject({ code: 'OK' });
      return (result as unknown as { response: CriResponse<Method> }).response;
    }
    const refusal = async <Method extends CriMethod>(method: Method, request: CriRequest<Method>) =>
      (await invoke(method, request)).code;
    function podConfig(overrides: { name?: string; attempt?: number; network?: 'POD' | 'NODE' } = {}) {
      const podName = overrides.name ?? `pod-${++podCount}`;
      return {
        metadata: {
          name: podName,
          uid: `uid-${podName}`,
          namespace: 'default',
          attempt: overrides.attempt ?? 0,
        },
        logDirectory,
        labels: { app: podName, suite: 'contract' },
        annotations: { note: 'kept' },
        linux: { securityContext: { namespaceOptions: { network: overrides.network ?? ('POD' as const) } } },
      };
    }
    const runPod = async (overrides: Parameters<typeof podConfig>[0] = {}): Promise<string> =>
      (await call('RunPodSandbox', { config: podConfig(overrides) })).podSandboxId;

    function containerConfig(workload: Workload, containerName = 'main', attempt = 0) {
      return {
        metadata: { name: containerName, attempt },
        image: { image },
        command: [workloadCommand],
        args: workloadArguments(workload),
        labels: { container: containerName },
        annotations: { hash: '7' },
        logPath: `${containerName}-${podCount}-${attempt}.log`,
      };
    }
    const create = async (podSandboxId: string, workload: Workload, containerName = 'main', attempt = 0) => {
      const config = containerConfig(workload, containerName, attempt);
      return (await call('CreateContainer', { podSandboxId, config })).containerId;
    };
    const start = async (podSandboxId: string, workload: Workload = {}, containerName = 'main') => {
      const containerId = await create(podSandboxId, workload, containerName);
      await call('StartContainer', { containerId });
      return containerId;
    };
    const statusOf = async (containerId: string): Promise<ContainerStatus> =>
      (await call('ContainerStatus', { containerId })).status;
    const untilExited = async (containerId: string): Promise<ContainerStatus> => {
      await expect
        .poll(async () => (await statusOf(containerId)).state, { timeout: 10_000, interval: 10 })
        .toBe('CONTAINER_EXITED');
      return statusOf(containerId);
    };
    /** The states that were reported of one object, with who caused them. */
    const story = (id: string): string[] =>
      changes.flatMap((change) =>
        change.kind !== 'image' && change.id === id ? [`${change.state} by ${change.cause}`] : [],
      );

    test('says who it is and that it is ready, until told otherwise', async () => {
      expect((await call('Version', {})).runtimeApiVersion).toBe('v1');
      backend.setConditions({ runtimeReady: true, networkReady: false });
      const { status } = await call('Status', {});
      backend.setConditions({ runtimeReady: true, networkReady: true });
      expect(status.conditions.map(({ type, status: isTrue }) => [type, isTrue])).toEqual([
        ['RuntimeReady', true],
        ['NetworkReady', false],
      ]);
      expect(await refusal('PortForward', {})).toBe('UNIMPLEMENTED');
    });

    test('a sandbox is made, listed, described, stopped and removed; stop and remove can be repeated', async () => {
      const config = podConfig();
      const { podSandboxId } = await call('RunPodSandbox', { config });
      const { status } = await call('PodSandboxStatus', { podSandboxId });
      expect(status).toMatchObject({
        id: podSandboxId,
        metadata: config.metadata,
        state: 'SANDBOX_READY',
        labels: config.labels,
        annotations: config.annotations,
      });
      expect(status.network!.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect(status.linux!.namespaces!.options!.network).toBe('POD');
      await call('StopPodSandbox', { podSandboxId });
      await call('StopPodSandbox', { podSandboxId });
      expect((await call('PodSandboxStatus', { podSandboxId })).status.state).toBe('SANDBOX_NOTREADY');
      await call('RemovePodSandbox', { podSandboxId });
      await call('RemovePodSandbox', { podSandboxId });
      expect(await refusal('PodSandboxStatus', { podSandboxId })).toBe('NOT_FOUND');
      expect(story(podSandboxId)).toEqual(['ready by agent', 'notReady by agent', 'removed by agent']);
    });

    test('a pod on the network of the node has no address of its own, and its containers run', async () => {
      const podSandboxId = await runPod({ network: 'NODE' });
      const { status } = await call('PodSandboxStatus', { podSandboxId });
      expect(status.network!.ip).toBe('');
      expect(status.linux!.namespaces!.options!.network).toBe('NODE');
      const containerId = await start(podSandboxId);
      expect((await statusOf(containerId)).state).toBe('CONTAINER_RUNNING');
      await call('RemovePodSandbox', { podSandboxId });
    });

    test('names are reserved: same pod and attempt, same container and attempt', async () => {
      const podSandboxId = await runPod({ name: 'twice' });
      expect(await refusal('RunPodSandbox', { config: podConfig({ name: 'twice' }) })).toBe('UNKNOWN');
      const second = await runPod({ name: 'twice', attempt: 1 });
      const { createdAt } = (await call('PodSandboxStatus', { podSandboxId })).status;
      expect((await call('PodSandboxStatus', { podSandboxId: second })).status.createdAt).toBeGreaterThan(
        createdAt,
      );
      await create(podSandboxId, {});
      const config = containerConfig({});
      expect(await refusal('CreateContainer', { podSandboxId, config })).toBe('UNKNOWN');
      await create(podSandboxId, {}, 'main', 1);
      await call('RemovePodSandbox', { podSandboxId });
      await call('RemovePodSandbox', { podSandboxId: second });
      await call('RemovePodSandbox', { podSandboxId: await runPod({ name: 'twice' }) });
    });

    test('things that are not there are refused', async () => {
      expect(await refusal('StartContainer', { containerId: 'nothing' })).toBe('NOT_FOUND');
      expect(await refusal('ContainerStatus', { containerId: 'nothing' })).toBe('NOT_FOUND');
      expect(await refusal('StopContainer', { containerId: 'nothing' })).toBe('NOT_FOUND');
      expect(await refusal('CreateContainer', { podSandboxId: 'nothing', config: containerConfig({}) })).toBe(
        'NOT_FOUND',
      );
      await call('RemovePodSandbox', { podSandboxId: 'nothing' });
      expect(await backend.stopSandbox('nothing')).toBe(false);
    });

    test.each([
      { workload: { runMs: 60 }, exitCode: 0, reason: 'Completed' },
      { workload: { runMs: 0, exitCode: 7 }, exitCode: 7, reason: 'Error' },
      { workload: { runMs: 120, exitCode: 137 }, exitCode: 137, reason: 'Error' },
    ])('a workload $workload ends by itself', async ({ workload, exitCode, reason }) => {
      const podSandboxId = await runPod();
      const containerId = await create(podSandboxId, workload);
      expect(await statusOf(containerId)).toMatchObject({ state: 'CONTAINER_CREATED', startedAt: 0 });
      await call('StartContainer', { containerId });
      const status = await untilExited(containerId);
      expect(status).toMatchObject({
        exitCode,
        reason,
        labels: { container: 'main' },
        annotations: { hash: '7' },
      });
      expect(status.startedAt).toBeGreaterThanOrEqual(status.createdAt);
      // Two processes of a runtime look at the clock: the end of a short container can seem to precede its start.
      expect(status.finishedAt).toBeGreaterThanOrEqual(status.startedAt - 100e6);
      expect(story(containerId)).toEqual(['created by agent', 'running by agent', 'exited by workload']);
      expect(await refusal('StartContainer', { containerId })).toBe('UNKNOWN');
      await call('StopContainer', { containerId, timeout: 5 });
      await call('RemovePodSandbox', { podSandboxId });
    });

    test.each([
      { workload: {}, timeout: 5, exitCode: 143, atLeastMs: 0, atMostMs: 2_500 },
      { workload: { stopMs: 400 }, timeout: 5, exitCode: 143, atLeastMs: 390, atMostMs: 3_000 },
      { workload: { ignoreTerm: true }, timeout: 1, exitCode: 137, atLeastMs: 990, atMostMs: 4_000 },
      { workload: { stopMs: 60_000 }, timeout: 1, exitCode: 137, atLeastMs: 990, atMostMs: 4_000 },
      { workload: {}, timeout: 0, exitCode: 137, atLeastMs: 0, atMostMs: 2_500 },
    ])('$workload, stopped with $timeout s grace, ends with $exitCode', async (expected) => {
      const podSandboxId = await runPod();
      const containerId = await start(podSandboxId, expected.workload);
      const beganAt = performance.now();
      await call('StopContainer', { containerId, timeout: expected.timeout });
      const tookMs = performance.now() - beganAt;
      expect(await statusOf(containerId)).toMatchObject({
        state: 'CONTAINER_EXITED',
        exitCode: expected.exitCode,
        reason: 'Error',
      });
      expect(tookMs).toBeGreaterThanOrEqual(expected.atLeastMs);
      expect(tookMs).toBeLessThan(expected.atMostMs);
      await call('StopContainer', { containerId, timeout: expected.timeout });
      expect(story(containerId).at(-1)).toBe('exited by agent');
      await call('RemovePodSandbox', { podSandboxId });
    });

    test('a second stop with less grace brings the end forward', async () => {
      const podSandboxId = await runPod();
      const containerId = await start(podSandboxId, { ignoreTerm: true });
      const beganAt = performance.now();
      const patient = call('StopContainer', { containerId, timeout: 30 });
      await call('StopContainer', { containerId, timeout: 0 });
      await patient;
      expect(performance.now() - beganAt).toBeLessThan(5_000);
      await call('RemovePodSandbox', { podSandboxId });
    });

    test('stopping a sandbox ends its containers, removing it removes them', async () => {
      const podSandboxId = await runPod();
      const [one, two] = [await start(podSandboxId, {}, 'one'), await start(podSandboxId, {}, 'two')];
      await call('StopPodSandbox', { podSandboxId });
      for (const id of [one, two]) {
        expect(await statusOf(id)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 137 });
      }
      expect(await refusal('CreateContainer', { podSandboxId, config: containerConfig({}, 'three') })).toBe(
        'NOT_FOUND',
      );
      await call('RemovePodSandbox', { podSandboxId });
      expect(await refusal('ContainerStatus', { containerId: one })).toBe('NOT_FOUND');
      expect(story(two).at(-1)).toBe('removed by agent');
      const order = changes.map((change) => `${change.kind} ${'state' in change ? change.state : ''}`);
      expect(order.lastIndexOf('container exited')).toBeLessThan(order.indexOf('sandbox notReady'));
      expect(order.at(-1)).toBe('sandbox removed');
    });

    test('a running container is removed by force, and removal can be repeated', async () => {
      const podSandboxId = await runPod();
      const containerId = await start(podSandboxId);
      await call('RemoveContainer', { containerId });
      await call('RemoveContainer', { containerId });
      expect(story(containerId).slice(-2)).toEqual(['exited by agent', 'removed by agent']);
      expect(await create(podSandboxId, {})).not.toBe(containerId);
      await call('RemovePodSandbox', { podSandboxId });
    });

    test('lists can be filtered by id, state, sandbox and labels', async () => {
      const [first, second] = [await runPod({ name: 'filter-a' }), await runPod({ name: 'filter-b' })];
      const [run, made] = [await start(first), await create(second, {}, 'made')];
      const containersOf = async (filter?: CriRequest<'ListContainers'>['filter']): Promise<string[]> =>
        (await call('ListContainers', filter === undefined ? {} : { filter })).containers.map(({ id }) => id);
      const sandboxesOf = async (filter?: CriRequest<'ListPodSandbox'>['filter']): Promise<string[]> =>
        (await call('ListPodSandbox', filter === undefined ? {} : { filter })).items.map(({ id }) => id);
      expect(await containersOf()).toEqual([run, made]);
      expect(await containersOf({ id: '', podSandboxId: '', labelSelector: {} })).toEqual([run, made]);
      expect(await containersOf({ id: made })).toEqual([made]);
      expect(await containersOf({ state: { state: 'CONTAINER_RUNNING' } })).toEqual([run]);
      expect(await containersOf({ podSandboxId: second })).toEqual([made]);
      expect(await containersOf({ labelSelector: { container: 'made' } })).toEqual([made]);
      expect(await containersOf({ labelSelector: { container: 'none' } })).toEqual([]);
      await call('StopPodSandbox', { podSandboxId: second });
      expect(await sandboxesOf()).toEqual([first, second]);
      expect(await sandboxesOf({ id: first })).toEqual([first]);
      expect(await sandboxesOf({ state: { state: 'SANDBOX_NOTREADY' } })).toEqual([second]);
      expect(await sandboxesOf({ labelSelector: { app: 'filter-a', suite: 'contract' } })).toEqual([first]);
      for (const podSandboxId of [first, second]) await call('RemovePodSandbox', { podSandboxId });
    });

    test('a command in a container: readiness, a preStop hook, a timeout, the container not running', async () => {
      const podSandboxId = await runPod();
      const containerId = await start(podSandboxId, { readyMs: 1_200 });
      const exec = (cmd: readonly string[], timeout = 5) =>
        call('ExecSync', { containerId, cmd: [...cmd], timeout });
      expect((await exec(readyCommand)).exitCode).toBe(1);
      await expect.poll(async () => (await exec(readyCommand)).exitCode, { timeout: 8_000 }).toBe(0);
      const beganAt = performance.now();
      expect((await exec(preStopCommand(300))).exitCode).toBe(0);
      expect(performance.now() - beganAt).toBeGreaterThanOrEqual(295);
      expect(await refusal('ExecSync', { containerId, cmd: preStopCommand(20_000), timeout: 1 })).toBe(
        'DEADLINE_EXCEEDED',
      );
      await call('StopContainer', { containerId, timeout: 0 });
      expect(await refusal('ExecSync', { containerId, cmd: [...readyCommand] })).toBe('UNKNOWN');
      await call('RemovePodSandbox', { podSandboxId });
    });

    test('output goes to log_path in the format of the CRI', async () => {
      const podSandboxId = await runPod();
      const containerId = await start(podSandboxId, { lines: 3, runMs: 50 });
      const { logPath } = await untilExited(containerId);
      const text = (): string => (existsSync(logPath) ? readFileSync(logPath, 'utf8') : '');
      await expect.poll(() => text().split('\n').length, { timeout: 5_000 }).toBe(4);
      const lines = text().split('\n');
      lines.slice(0, 3).forEach((line, index) => {
        expect(line).toMatch(
          new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d+Z stdout F line ${index + 1}$`),
        );
      });
      await call('RemovePodSandbox', { podSandboxId });
    });

    test('images are present once pulled and absent once removed', async () => {
      const name = 'conformance/workload:v2';
      const present = async (): Promise<boolean> =>
        (await call('ImageStatus', { image: { image: name } })).image !== undefined;
      const podSandboxId = await runPod();
      const config = { ...containerConfig({}), image: { image: name } };
      expect(await present()).toBe(false);
      expect(await refusal('CreateContainer', { podSandboxId, config })).toBe('NOT_FOUND');
      const { imageRef } = await call('PullImage', { image: { image: name } });
      await call('PullImage', { image: { image: name } });
      expect(await present()).toBe(true);
      const { images } = await call('ListImages', {});
      expect(images.find(({ id }) => id === imageRef)?.repoTags).toEqual([name]);
      const { containerId } = await call('CreateContainer', { podSandboxId, config });
      expect(await statusOf(containerId)).toMatchObject({ image: { image: name }, imageRef });
      await call('RemoveImage', { image: { image: name } });
      await call('RemoveImage', { image: { image: name } });
      expect(await present()).toBe(false);
      await call('PullImage', { image: { image: name } });
      expect(await backend.removeImage(name)).toBe(true);
      expect(await backend.removeImage(name)).toBe(false);
      expect(
        changes.flatMap((each) => (each.kind === 'image' ? [`${each.present} by ${each.cause}`] : [])),
      ).toEqual(['true by agent', 'false by agent', 'true by agent', 'false by outside']);
      await call('RemovePodSandbox', { podSandboxId });
    });

    test('damage from outside is reported as such, an ordered exit as the workload’s own', async () => {
      const podSandboxId = await runPod();
      const [killed, ended, removed, left] = [
        await start(podSandboxId, {}, 'killed'),
        await start(podSandboxId, {}, 'ended'),
        await start(podSandboxId, {}, 'removed'),
        await start(podSandboxId, {}, 'left'),
      ];
      expect(await backend.killContainer(killed)).toBe(true);
      expect(await backend.killContainer(killed)).toBe(false);
      expect(await statusOf(killed)).toMatchObject({ exitCode: 137, reason: 'Error' });
      expect(story(killed).at(-1)).toBe('exited by outside');
      expect(await backend.exitContainer(ended, 42)).toBe(true);
      expect(await statusOf(ended)).toMatchObject({ exitCode: 42, reason: 'Error' });
      expect(story(ended).at(-1)).toBe('exited by workload');
      expect(await backend.removeContainer(removed)).toBe(true);
      expect(await refusal('ContainerStatus', { containerId: removed })).toBe('NOT_FOUND');
      expect(story(removed).slice(-2)).toEqual(['exited by outside', 'removed by outside']);
      expect(await backend.stopSandbox(podSandboxId)).toBe(true);
      expect(story(podSandboxId).at(-1)).toBe('notReady by outside');
      expect(await statusOf(left)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 137 });
      expect(await backend.removeSandbox(podSandboxId)).toBe(true);
      expect(await refusal('PodSandboxStatus', { podSandboxId })).toBe('NOT_FOUND');
    });

    test('every change of a container is an event with the pod it belongs to', async () => {
      const podSandboxId = await runPod();
      const containerId = await start(podSandboxId);
      await call('StopContainer', { containerId, timeout: 0 });
      await call('RemoveContainer', { containerId });
      const own = events.filter((event) => event.containerId === containerId);
      expect(own.map((event) => event.containerEventType)).toEqual([
        'CONTAINER_CREATED_EVENT',
        'CONTAINER_STARTED_EVENT',
        'CONTAINER_STOPPED_EVENT',
        'CONTAINER_DELETED_EVENT',
      ]);
      expect(own[1]!.podSandboxStatus!.id).toBe(podSandboxId);
      expect(own[2]!.containersStatuses).toMatchObject([{ id: containerId, state: 'CONTAINER_EXITED' }]);
      await call('RemovePodSandbox', { podSandboxId });
    });
  });
}
