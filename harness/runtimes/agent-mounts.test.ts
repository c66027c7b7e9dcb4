import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRealClock } from '../core/clock.js';
import type { CriRequest, CriResponse, CriResult } from '../ports/cri.js';
import type { RuntimeBackend } from '../ports/runtime.js';
import type { CriMethod } from '../spec/plan.js';
import { workloadArguments } from '../spec/workload.js';
import { withAgentMounts } from './agent-mounts.js';
import { createMemoryBackend } from './memory/memory-backend.js';
import { createPodLogs } from './memory/pod-logs.js';

let state: string;
let runtime: RuntimeBackend;
let clock: ReturnType<typeof createRealClock>;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'nac-mounts-'));
  clock = createRealClock();
  const observer = { onChange: () => {}, onEvent: () => {} };
  const backend = createMemoryBackend({ clock, observer, epochMs: Date.now(), logs: createPodLogs() });
  runtime = withAgentMounts(backend, { '/nac/logs': 'own/logs' }, state);
});
afterEach(async () => {
  await runtime.close();
  clock.close();
  rmSync(state, { recursive: true, force: true });
});

function call<Method extends CriMethod>(
  method: Method,
  request: CriRequest<Method>,
): Promise<CriResponse<Method>> {
  return new Promise((resolve, reject) => {
    runtime.invoke(method, request, (result: CriResult) =>
      result.code === 'OK'
        ? resolve(result.response as CriResponse<Method>)
        : reject(new Error(result.message)),
    );
  });
}

async function startContainer(logDirectory: string): Promise<string> {
  const config = { metadata: { name: 'p', uid: 'u', namespace: 'n', attempt: 0 }, logDirectory };
  const { podSandboxId } = await call('RunPodSandbox', { config });
  const image = { image: 'w:1' };
  await call('PullImage', { image });
  const { containerId } = await call('CreateContainer', {
    podSandboxId,
    sandboxConfig: config,
    config: {
      metadata: { name: 'main', attempt: 0 },
      image,
      args: workloadArguments({ lines: 1 }),
      logPath: 'main/0.log',
    },
  });
  await call('StartContainer', { containerId });
  return containerId;
}

test('logs lie where the agent looks for them, and are named as it knows them', async () => {
  const containerId = await startContainer('/nac/logs/n_p_u');
  const { status } = await call('ContainerStatus', { containerId });
  expect(status.logPath).toBe('/nac/logs/n_p_u/main/0.log');
  const file = join(state, 'own/logs/n_p_u/main/0.log');
  await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8')).toContain(' stdout F ');
  expect(existsSync('/nac')).toBe(false);
});

test('what is beside a place that is mounted over is left where it is', async () => {
  const beside = join(state, 'beside');
  const containerId = await startContainer(beside);
  const { status } = await call('ContainerStatus', { containerId });
  expect(status.logPath).toBe(join(beside, 'main/0.log'));
  expect(existsSync(join(beside, 'main/0.log'))).toBe(true);
});
