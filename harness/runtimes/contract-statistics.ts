import { expect, test } from 'vitest';
import type { ContractKit } from './contract-kit.js';
import type { ContractSkips } from './contract.js';

const mebibyte = 1_048_576;

/** What every runtime tells of use and limits. */
export function statisticsContract(kit: ContractKit, skips: ContractSkips): void {
  const { call, invoke, runPod, start, statusOf, create, containerConfig } = kit;

  test('statistics of a container: who it is, and what it uses while it runs', async () => {
    const podSandboxId = await runPod({ name: 'stats' });
    const containerId = await start(podSandboxId, {});
    const of = async () => (await call('ContainerStats', { containerId })).stats!;
    await expect.poll(async () => (await of()).memory?.workingSetBytes.value ?? 0).toBeGreaterThan(0);
    const stats = await of();
    expect(stats.attributes).toMatchObject({
      id: containerId,
      metadata: { name: 'main', attempt: 0 },
      labels: { container: 'main' },
      annotations: { hash: '7' },
    });
    // Agents make rates out of it, so it must grow with its time stamp.
    await expect
      .poll(async () => (await of()).cpu!.usageCoreNanoSeconds.value, { timeout: 5_000 })
      .toBeGreaterThan(0);
    expect((await of()).cpu!.timestamp).toBeGreaterThanOrEqual(stats.cpu!.timestamp);
    expect((await of()).cpu!.usageCoreNanoSeconds.value).toBeGreaterThanOrEqual(
      stats.cpu!.usageCoreNanoSeconds.value,
    );
    expect(stats.writableLayer!.fsId.mountpoint).toMatch(/^\//);
    await call('RemovePodSandbox', { podSandboxId });
    expect(await invoke('ContainerStats', { containerId })).toEqual({
      code: 'NOT_FOUND',
      message: 'failed to find container: not found',
    });
  });

  test('lists of statistics can be filtered; what does not run uses nothing', async () => {
    const [one, two] = [await runPod({ name: 'stats-a' }), await runPod({ name: 'stats-b' })];
    const [first, second] = [await start(one, {}, 'first'), await create(two, {}, 'second')];
    const idsOf = async (filter: object): Promise<string[]> =>
      (await call('ListContainerStats', { filter })).stats.map(({ attributes }) => attributes.id);
    expect(await idsOf({ podSandboxId: one })).toEqual([first]);
    expect(await idsOf({ labelSelector: { container: 'second' } })).toEqual([second]);
    expect(await idsOf({ id: first })).toEqual([first]);
    expect(await idsOf({ id: '', podSandboxId: '', labelSelector: {} })).toEqual(
      expect.arrayContaining([first, second]),
    );
    const { stats } = await call('ListContainerStats', { filter: { id: second } });
    expect(stats[0]!.memory?.workingSetBytes.value ?? 0).toBe(0);
    for (const podSandboxId of [one, two]) await call('RemovePodSandbox', { podSandboxId });
    expect(await idsOf({ podSandboxId: one })).toEqual([]);
  });

  test('statistics of a sandbox: itself, and its containers', async () => {
    const podSandboxId = await runPod({ name: 'stats-pod' });
    const containerId = await start(podSandboxId);
    await expect
      .poll(async () => {
        const { stats } = await call('PodSandboxStats', { podSandboxId });
        return stats!.linux!.containers.map(({ attributes }) => attributes.id);
      })
      .toEqual([containerId]);
    const { stats } = await call('PodSandboxStats', { podSandboxId });
    expect(stats!.attributes).toMatchObject({
      id: podSandboxId,
      metadata: { name: 'stats-pod', uid: 'uid-stats-pod', namespace: 'default', attempt: 0 },
      labels: { app: 'stats-pod', suite: 'contract' },
    });
    expect(stats!.linux!.cpu!.usageCoreNanoSeconds.value).toBeGreaterThan(0);
    expect(stats!.linux!.memory!.workingSetBytes.value).toBeGreaterThan(0);
    expect(stats!.linux!.network!.defaultInterface!.name).toBe('eth0');
    expect(stats!.linux!.process!.processCount.value).toBeGreaterThan(0);
    const listed = await call('ListPodSandboxStats', { filter: { id: podSandboxId } });
    expect(listed.stats.map(({ attributes }) => attributes)).toEqual([stats!.attributes]);
    const none = await call('ListPodSandboxStats', { filter: { labelSelector: { app: 'none' } } });
    expect(none.stats).toEqual([]);
    await call('RemovePodSandbox', { podSandboxId });
    expect(await invoke('PodSandboxStats', { podSandboxId })).toEqual({
      code: 'NOT_FOUND',
      message: `an error occurred when trying to find sandbox ${podSandboxId}: not found`,
    });
  });

  test('metrics are described, and come with as many labels as are described', async (context) => {
    if (skips.metrics !== undefined) context.skip(skips.metrics);
    const podSandboxId = await runPod({ name: 'metrics' });
    const containerId = await start(podSandboxId);
    const { descriptors } = await call('ListMetricDescriptors', {});
    const labelsOf = new Map(descriptors.map(({ name, labelKeys }) => [name, labelKeys]));
    const { podMetrics } = await call('ListPodSandboxMetrics', {});
    const own = podMetrics.find((each) => each.podSandboxId === podSandboxId)!;
    const { metrics } = own.containerMetrics.find((each) => each.containerId === containerId)!;
    for (const { name, labelValues } of [...own.metrics, ...metrics]) {
      expect(labelValues).toHaveLength(labelsOf.get(name)!.length);
    }
    const memory = metrics.find(({ name }) => name === 'container_memory_working_set_bytes')!;
    expect(memory).toMatchObject({ metricType: 'GAUGE' });
    expect(memory.value.value).toBeGreaterThan(0);
    expect(memory.labelValues).toEqual(expect.arrayContaining(['main', 'default', 'metrics']));
    await call('RemovePodSandbox', { podSandboxId });
  });

  test('the file system of images is told of, with where it is', async () => {
    const { imageFilesystems } = await call('ImageFsInfo', {});
    expect(imageFilesystems).toHaveLength(1);
    expect(imageFilesystems[0]!.fsId.mountpoint).toMatch(/^\//);
    expect(imageFilesystems[0]!.usedBytes.value).toBeGreaterThan(0);
    expect(imageFilesystems[0]!.timestamp).toBeGreaterThan(1.7e18);
  });

  test('limits are told as they were asked for, and changed while the container runs', async () => {
    const podSandboxId = await runPod();
    const resources = { cpuPeriod: 100_000, cpuQuota: 50_000, memoryLimitInBytes: 64 * mebibyte };
    const config = { ...containerConfig({}), linux: { resources } };
    const { containerId } = await call('CreateContainer', { podSandboxId, config });
    await call('StartContainer', { containerId });
    expect((await statusOf(containerId)).resources?.linux).toMatchObject(resources);
    const linux = { cpuPeriod: 100_000, cpuQuota: 20_000 };
    await call('UpdateContainerResources', { containerId, linux });
    expect((await statusOf(containerId)).resources?.linux).toMatchObject({ ...resources, cpuQuota: 20_000 });
    await call('RemovePodSandbox', { podSandboxId });
    expect(await invoke('UpdateContainerResources', { containerId, linux })).toEqual({
      code: 'NOT_FOUND',
      message: 'failed to find container: not found',
    });
  });

  test('limits of a pod may be changed', async (context) => {
    if (skips.podResources !== undefined) context.skip(skips.podResources);
    const podSandboxId = await runPod();
    await call('UpdatePodSandboxResources', { podSandboxId, resources: { cpuShares: 512 } });
    await call('RemovePodSandbox', { podSandboxId });
    expect((await invoke('UpdatePodSandboxResources', { podSandboxId })).code).toBe('NOT_FOUND');
  });
}
