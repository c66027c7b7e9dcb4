import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRealClock } from '../../core/clock.js';
import type { CriRequest, CriResult } from '../../ports/cri.js';
import type { RuntimeBackend } from '../../ports/runtime.js';
import type { CriMethod, Workload } from '../../spec/plan.js';
import { workloadArguments } from '../../spec/workload.js';
import { createMemoryBackend } from './memory-backend.js';
import { createPodLogs } from './pod-logs.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'nac-pod-logs-'))));
afterEach(() => {
  chmodSync(directory, 0o700);
  rmSync(directory, { recursive: true, force: true });
});

function createBackend(): RuntimeBackend {
  const observer = { onChange() {}, onEvent() {} };
  const clock = createRealClock();
  return createMemoryBackend({ clock, observer, epochMs: Date.now() - clock.now(), logs: createPodLogs() });
}

function invoke<Method extends CriMethod>(
  backend: RuntimeBackend,
  method: Method,
  request: CriRequest<Method>,
): Promise<CriResult> {
  return new Promise((resolve) => backend.invoke(method, request, resolve));
}

/** Runs a container that logs below this directory; its id. */
async function run(backend: RuntimeBackend, logDirectory: string, workload: Workload): Promise<string> {
  const image = { image: 'conformance/workload:v1' };
  await invoke(backend, 'PullImage', { image });
  const metadata = { name: 'web', uid: logDirectory, namespace: 'default', attempt: 0 };
  const sandbox = await invoke(backend, 'RunPodSandbox', { config: { metadata, logDirectory } });
  const { podSandboxId } = (sandbox as unknown as { response: { podSandboxId: string } }).response;
  const config = {
    metadata: { name: 'main', attempt: 0 },
    image,
    args: workloadArguments(workload),
    logPath: 'main/0.log',
  };
  const created = await invoke(backend, 'CreateContainer', { podSandboxId, config });
  expect(created).toMatchObject({ code: 'OK' });
  const { containerId } = (created as unknown as { response: { containerId: string } }).response;
  expect(await invoke(backend, 'StartContainer', { containerId })).toMatchObject({ code: 'OK' });
  return containerId;
}

describe('a log that cannot be written', () => {
  /** Where nobody can make a directory, root neither. */
  const belowFile = (): string => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    return join(file, 'pods');
  };

  test('is not written, and its container goes through its life as any other', async () => {
    const backend = createBackend();
    const containerId = await run(backend, belowFile(), { lines: 2, errorLines: 1, runMs: 50 });
    await expect
      .poll(() => invoke(backend, 'ContainerStatus', { containerId }))
      .toMatchObject({ response: { status: { state: 'CONTAINER_EXITED', exitCode: 0 } } });
    expect(await invoke(backend, 'RemoveContainer', { containerId })).toMatchObject({ code: 'OK' });
    await backend.close();
    expect(readdirSync(directory)).toEqual(['file']);
  });

  test('is not written from a timer either', async () => {
    const backend = createBackend();
    const containerId = await run(backend, belowFile(), { lines: 3, lineEveryMs: 10 });
    await sleep(50);
    expect(await invoke(backend, 'ReopenContainerLog', { containerId })).toMatchObject({ code: 'OK' });
    await backend.close();
  });

  test('because its directory went away is not made again, as a runtime would write on into what is gone', async () => {
    const backend = createBackend();
    await run(backend, join(directory, 'pod'), { lines: 5, lineEveryMs: 20 });
    rmSync(join(directory, 'pod'), { recursive: true });
    await sleep(100);
    expect(existsSync(join(directory, 'pod'))).toBe(false);
    await backend.close();
  });
});

describe('when the backend closes', () => {
  test('the logs go, with the directories that were made for them; what was there before stays', async () => {
    const backend = createBackend();
    const old = join(directory, 'old');
    mkdirSync(join(old, 'main'), { recursive: true });
    writeFileSync(join(old, 'main', '0.log'), 'before\n');
    await run(backend, old, { lines: 1 });
    await run(backend, join(directory, 'new/pods/web'), { lines: 1 });
    expect(readFileSync(join(directory, 'new/pods/web/main/0.log'), 'utf8')).toMatch(/ stdout F line 1\n$/);
    await backend.close();
    expect(readdirSync(directory)).toEqual(['old']);
    expect(readFileSync(join(old, 'main', '0.log'), 'utf8')).toMatch(/^before\n.* line 1\n$/);
  });

  test('logs that the agent rotated go too', async () => {
    const backend = createBackend();
    const containerId = await run(backend, join(directory, 'pod'), { lines: 1 });
    const log = join(directory, 'pod/main/0.log');
    renameSync(log, `${log}.20260101-000000`);
    expect(await invoke(backend, 'ReopenContainerLog', { containerId })).toMatchObject({ code: 'OK' });
    expect(existsSync(log)).toBe(true);
    await backend.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('what others put there stays, and nothing is written any more', async () => {
    const backend = createBackend();
    await run(backend, join(directory, 'pods/web'), { lines: 20, lineEveryMs: 10 });
    writeFileSync(join(directory, 'pods/web/main/notes'), 'by the agent');
    await backend.close();
    await sleep(50);
    expect(readdirSync(join(directory, 'pods/web/main'))).toEqual(['notes']);
  });

  test('a directory that several backends log to goes with the last of them', async () => {
    const [first, second] = [createBackend(), createBackend()];
    await run(first, join(directory, 'pods/a'), { lines: 1 });
    await run(second, join(directory, 'pods/b'), { lines: 1 });
    await first.close();
    expect(readdirSync(join(directory, 'pods'))).toEqual(['b']);
    expect(readFileSync(join(directory, 'pods/b/main/0.log'), 'utf8')).toContain('line 1');
    await second.close();
    expect(readdirSync(directory)).toEqual([]);
  });
});
