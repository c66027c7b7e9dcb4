import { describe, expect, test } from 'vitest';
import type { CriRequest } from '../ports/cri.js';
import { commandContract } from './contract-commands.js';
import { createContractKit, type MakeBackend } from './contract-kit.js';
import { statisticsContract } from './contract-statistics.js';

/** Why a runtime need not do something that the others do. */
export type ContractSkips = { readonly [Part in 'metrics' | 'podResources']?: string };

/** What every runtime behind the CRI must do alike, on a real clock. Each backend's test file calls it. */
export function runtimeContract(name: string, makeBackend: MakeBackend, skips: ContractSkips = {}): void {
  describe(`runtime contract: ${name}`, () => {
    const kit = createContractKit(makeBackend);
    const { changes, events, call, refusal, podConfig, runPod, containerConfig } = kit;
    const { create, start, statusOf, untilExited, story } = kit;

    commandContract(kit);
    statisticsContract(kit, skips);

    test('says who it is and that it is ready, until told otherwise', async () => {
      expect((await call('Version', {})).runtimeApiVersion).toBe('v1');
      kit.backend().setConditions({ runtimeReady: true, networkReady: false });
      const { status } = await call('Status', {});
      kit.backend().setConditions({ runtimeReady: true, networkReady: true });
      expect(status.conditions.map(({ type, status: isTrue }) => [type, isTrue])).toEqual([
        ['RuntimeReady', true],
        ['NetworkReady', false],
      ]);
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
      expect(await refusal('CreateContainer', { podSandboxId: 'nothing', config: containerConfig({}) })).toBe(
        'NOT_FOUND',
      );
      expect(await kit.backend().stopSandbox('nothing')).toBe(false);
    });

    test('what is not there, or no longer, is stopped and removed already', async () => {
      const podSandboxId = await runPod();
      const containerId = await start(podSandboxId);
      await call('RemoveContainer', { containerId });
      for (const id of [containerId, 'nothing']) {
        expect(await call('StopContainer', { containerId: id, timeout: 1 })).toEqual({});
        expect(await call('RemoveContainer', { containerId: id })).toEqual({});
      }
      await call('RemovePodSandbox', { podSandboxId });
      const told = changes.length;
      for (const id of [podSandboxId, 'nothing']) {
        expect(await call('StopPodSandbox', { podSandboxId: id })).toEqual({});
        expect(await call('RemovePodSandbox', { podSandboxId: id })).toEqual({});
      }
      expect(changes).toHaveLength(told);
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
      expect(await kit.backend().removeImage(name)).toBe(true);
      expect(await kit.backend().removeImage(name)).toBe(false);
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
      expect(await kit.backend().killContainer(killed)).toBe(true);
      expect(await kit.backend().killContainer(killed)).toBe(false);
      expect(await statusOf(killed)).toMatchObject({ exitCode: 137, reason: 'Error' });
      expect(story(killed).at(-1)).toBe('exited by outside');
      expect(await kit.backend().exitContainer(ended, 42)).toBe(true);
      expect(await statusOf(ended)).toMatchObject({ exitCode: 42, reason: 'Error' });
      expect(story(ended).at(-1)).toBe('exited by workload');
      expect(await kit.backend().removeContainer(removed)).toBe(true);
      expect(await refusal('ContainerStatus', { containerId: removed })).toBe('NOT_FOUND');
      expect(story(removed).slice(-2)).toEqual(['exited by outside', 'removed by outside']);
      expect(await kit.backend().stopSandbox(podSandboxId)).toBe(true);
      expect(story(podSandboxId).at(-1)).toBe('notReady by outside');
      expect(await statusOf(left)).toMatchObject({ state: 'CONTAINER_EXITED', exitCode: 137 });
      expect(await kit.backend().removeSandbox(podSandboxId)).toBe(true);
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
