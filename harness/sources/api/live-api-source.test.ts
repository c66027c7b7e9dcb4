import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { createRealClock } from '../../core/clock.js';
import { createTestContext } from '../testing/test-context.js';
import { createLiveApiSource } from './live-api-source.js';

test('servers of one process have one authority, and the agent of one is nobody to another', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'live-api-'));
  const sources = ['one', 'other'].map((name) => {
    mkdirSync(join(directory, name));
    return createLiveApiSource(createTestContext(createRealClock()), { directory: join(directory, name) });
  });
  try {
    const [own, foreign] = (await Promise.all(sources.map((source) => source.open()))).map((path) => {
      const config = new KubeConfig();
      config.loadFromFile(path);
      return config;
    });
    const agent = own!.makeApiClient(CoreV1Api);
    expect((await agent.listPodForAllNamespaces()).items).toEqual([]);
    expect(foreign!.getCurrentCluster()!.caData).toBe(own!.getCurrentCluster()!.caData);
    // Trusts the other server, whose authority is the same, and is not known there.
    foreign!.users = own!.users;
    const stranger = foreign!.makeApiClient(CoreV1Api);
    await expect(stranger.listPodForAllNamespaces()).rejects.toMatchObject({ code: 401 });
  } finally {
    await Promise.all(sources.map((source) => source.close()));
    rmSync(directory, { recursive: true });
  }
});
