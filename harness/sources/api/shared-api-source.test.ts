import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { createRealClock } from '../../core/clock.js';
import { laneNames } from '../../run/lanes/lane-names.js';
import { createTestContext, step, testPods } from '../testing/test-context.js';
import { createSharedApiSource } from './shared-api-source.js';

test('what is left of plans goes some minutes after they did, and nothing of those that are there', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'shared-api-'));
  const real = createRealClock();
  let aheadMs = 0;
  const clock = { ...real, now: () => real.now() + aheadMs };
  const source = createSharedApiSource({ directory, nodeName: 'node-1', clock });
  const config = new KubeConfig();
  config.loadFromFile(await source.open());
  const core = config.makeApiClient(CoreV1Api);
  const joined = (lane: number) => {
    const names = laneNames(lane);
    const pods = testPods.map((pod) => ({
      ...pod,
      identity: { ...pod.identity, namespace: `default${names.ending}` },
    }));
    return source.join({ ...createTestContext(clock), pods }, names);
  };
  const namespaces = async (): Promise<string[]> =>
    (await core.listNamespace()).items
      .map(({ metadata }) => metadata!.name!)
      .filter((name) => name.startsWith('default-'));
  try {
    const [first, second] = [joined(1), joined(2)];
    for (const part of [first, second]) part.apply(step({ do: 'add', source: 'api', pod: 0, spec: 0 }));
    const [one, two] = await namespaces();
    first.leave();
    aheadMs = 100_000;
    joined(3).leave();
    expect(await namespaces()).toHaveLength(3);
    aheadMs = 200_000;
    joined(4);
    expect(await namespaces()).toHaveLength(3);
    expect(await namespaces()).not.toContain(one);
    await expect(
      core.readNamespacedConfigMap({ namespace: one!, name: 'kube-root-ca.crt' }),
    ).rejects.toThrow();
    const pods = (await core.listPodForAllNamespaces()).items;
    expect(pods.map(({ metadata }) => metadata!.namespace)).toEqual([two]);
    await core.readNamespacedConfigMap({ namespace: two!, name: 'kube-root-ca.crt' });
  } finally {
    await source.close();
    real.close();
    rmSync(directory, { recursive: true });
  }
});
