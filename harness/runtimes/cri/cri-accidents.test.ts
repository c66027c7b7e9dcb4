import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRealClock } from '../../core/clock.js';
import type { CriApiVersion } from '../../core/cri-protocol.js';
import { asHarnessError, type HarnessError } from '../../core/errors.js';
import type { CriRequest, CriResult } from '../../ports/cri.js';
import type { RuntimeBackend } from '../../ports/runtime.js';
import type { CriMethod } from '../../spec/plan.js';
import { createCriServer, type CriServer } from '../cri-server/cri-server.js';
import { createMemoryBackend } from '../memory/memory-backend.js';
import { workloadFiles, workloadRepository } from '../workload-files.js';
import { createCriBackend } from './cri-backend.js';
import { connectRuntime } from './cri-runtime.js';
import { examineRuntime } from './examine-runtime.js';

/** Other runtimes than containerd, and what can be wrong with any: simulated containers behind a real socket. */
let directory: string;
let server: CriServer | undefined;
let backend: RuntimeBackend | undefined;
let failures: HarnessError[];
let stalledMs = 0;
const observer = { onChange() {}, onEvent() {}, onStall: (ms: number) => void (stalledMs += ms) };

/** Shorter than a run has, so that a test need not wait for half a minute. */
const silentMs = 3_000;

beforeEach(() => {
  stalledMs = 0;
  directory = mkdtempSync(join(tmpdir(), 'nac-runtime-'));
  failures = [];
});
afterEach(async () => {
  await backend?.close();
  await server?.close();
  [backend, server] = [undefined, undefined];
  rmSync(directory, { recursive: true, force: true });
});

/** Starts a runtime; `refuse` may answer a call in its place. */
async function runtime(
  options: {
    apiVersion?: CriApiVersion;
    hasImage?: boolean;
    refuse?: (method: CriMethod, request: object) => CriResult | undefined;
    /** Calls are taken, and not answered. */
    hangs?: () => boolean;
  } = {},
): Promise<string> {
  const memory = createMemoryBackend({ clock: createRealClock(), observer, epochMs: Date.now() });
  const image = `docker.io/${workloadRepository}:${workloadFiles().version}`;
  if (options.hasImage ?? true) memory.invoke('PullImage', { image: { image } }, () => {});
  server = createCriServer({
    socketPath: join(directory, 'runtime.sock'),
    apiVersions: [options.apiVersion ?? 'v1'],
    handle(method, request, reply) {
      if (options.hangs?.() === true) return;
      const refusal = options.refuse?.(method, request);
      if (refusal === undefined) memory.invoke(method, request as never, reply);
      else reply(refusal);
    },
    subscribeEvents: () => () => {},
  });
  await server.start();
  return server.endpoint;
}

async function open(endpoint: string): Promise<RuntimeBackend> {
  backend = await createCriBackend({
    endpoint,
    runId: `accident-${process.pid}`,
    observer,
    onFailure: (error) => void failures.push(error),
    silentMs,
  });
  return backend;
}
const invoke = <Method extends CriMethod>(method: Method, request: CriRequest<Method>): Promise<CriResult> =>
  new Promise((resolve) => backend!.invoke(method, request, resolve));
const runPod = (name = 'p', runtimeHandler = ''): Promise<CriResult> => {
  const metadata = { name, uid: 'u', namespace: 'default', attempt: 0 };
  return invoke('RunPodSandbox', { config: { metadata }, runtimeHandler });
};
async function makeContainer(podSandboxId: string, name = 'main'): Promise<CriResult> {
  const image = { image: 'w:1' };
  await invoke('PullImage', { image });
  return invoke('CreateContainer', { podSandboxId, config: { metadata: { name, attempt: 0 }, image } });
}
/** The first refusal on the way to a running container, or the last answer. */
async function startPod(): Promise<CriResult> {
  const run = await runPod();
  if (run.code !== 'OK') return run;
  const made = await makeContainer(responseOf<{ podSandboxId: string }>(run).podSandboxId);
  if (made.code !== 'OK') return made;
  return invoke('StartContainer', responseOf<{ containerId: string }>(made));
}
const responseOf = <Response>(result: CriResult): Response => {
  if (result.code !== 'OK') throw new Error(result.message);
  return result.response as Response;
};
const failureOf = (work: Promise<unknown>): Promise<HarnessError> =>
  work.then(
    () => expect.unreachable('it went well'),
    (error: unknown) => asHarnessError(error),
  );

describe('at the start', () => {
  test('a runtime that speaks only the older version of the CRI is used with that', async () => {
    const endpoint = await runtime({ apiVersion: 'v1alpha2' });
    expect((await connectRuntime(endpoint)).apiVersion).toBe('v1alpha2');
    await open(endpoint);
    expect(await runPod()).toMatchObject({ code: 'OK' });
    expect(await invoke('Version', {})).toMatchObject({ response: { runtimeApiVersion: 'v1' } });
  });

  test('there is no socket', async () => {
    const error = await failureOf(open(`unix://${directory}/none.sock`));
    expect(error).toMatchObject({ code: 'runtime-missing', exitCode: 69 });
    expect(error.got).toMatch(/^connect ENOENT .*none\.sock$/);
  });

  test('what is behind the socket is no gRPC server', async () => {
    const stranger = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => stranger.listen(join(directory, 'x.sock'), resolve));
    const error = await failureOf(open(`unix://${directory}/x.sock`));
    expect(error).toMatchObject({ code: 'runtime-missing', exitCode: 69 });
    stranger.close();
  });

  test('it is no runtime', async () => {
    const endpoint = await runtime({
      refuse: () => ({ code: 'UNIMPLEMENTED', message: 'unknown service runtime.v1.RuntimeService' }),
    });
    const error = await failureOf(open(endpoint));
    expect(error).toMatchObject({ code: 'runtime-version', exitCode: 69 });
    expect(await examineRuntime(endpoint)).toMatchObject({ ok: false, advice: error.hint });
  });

  test('it says that its network is not ready', async () => {
    const conditions = [
      { type: 'RuntimeReady', status: true },
      { type: 'NetworkReady', status: false, reason: 'R', message: 'cni plugin not initialized' },
    ];
    const endpoint = await runtime({
      refuse: (method) =>
        method === 'Status' ? { code: 'OK', response: { status: { conditions } } } : undefined,
    });
    const error = await failureOf(open(endpoint));
    expect(error).toMatchObject({ code: 'runtime-not-ready', exitCode: 69 });
    expect(error.got).toBe('not NetworkReady: cni plugin not initialized');
  });

  test('the workload image cannot be loaded from here: the archive is kept, with the command for it', async () => {
    const endpoint = await runtime({
      hasImage: false,
      refuse: (method) =>
        method === 'Version'
          ? { code: 'OK', response: { runtimeName: 'cri-o', runtimeVersion: '1.29', version: '0.1.0' } }
          : undefined,
    });
    expect((await examineRuntime(endpoint)).found).toContain('lacks the workload image');
    const error = await failureOf(open(endpoint));
    expect(error).toMatchObject({ code: 'workload-image-missing', exitCode: 69 });
    expect(error.hint).toContain(`podman load --input ${error.file}`);
    expect(existsSync(error.file!)).toBe(true);
    rmSync(error.file!);
  });

  test('it takes the workload image only when it is told that the user named it, and namespaces of the pod', async () => {
    const endpoint = await runtime({
      refuse(method, request) {
        if (method !== 'CreateContainer') return undefined;
        const { config, sandboxConfig } = request as CriRequest<'CreateContainer'>;
        if ((config.image as { userSpecifiedImage?: string }).userSpecifiedImage === undefined)
          return { code: 'UNKNOWN', message: 'user specified image not specified' };
        const [own, ofPod] = [config.linux, sandboxConfig?.linux].map(
          (linux) => linux?.securityContext?.namespaceOptions,
        );
        return own?.pid === ofPod?.pid
          ? undefined
          : { code: 'UNKNOWN', message: 'pod level PID namespace requested for the container' };
      },
    });
    await open(endpoint);
    expect(await startPod()).toMatchObject({ code: 'OK' });
    expect(failures).toEqual([]);
  });

  test('it cannot run a pod', async () => {
    const endpoint = await runtime({
      refuse: (method) =>
        method === 'RunPodSandbox' ? { code: 'UNKNOWN', message: 'no sandbox image' } : undefined,
    });
    const error = await failureOf(open(endpoint));
    expect(error).toMatchObject({ code: 'runtime-failed', exitCode: 69, got: 'no sandbox image' });
  });
});

describe('in the middle of a run', () => {
  test('it goes away: said once, at once, whether or not the agent asks for anything', async () => {
    await open(await runtime());
    await runPod();
    await server!.close();
    await expect.poll(() => failures.length, { timeout: 5_000 }).toBe(1);
    expect(failures[0]).toMatchObject({ code: 'runtime-gone', exitCode: 69 });
    expect(await runPod('q')).toMatchObject({ code: 'UNAVAILABLE' });
    expect(failures).toHaveLength(1);
  });

  test.each(['RunPodSandbox', 'CreateContainer', 'StartContainer'] as const)(
    'it can no longer carry out %s: that is not laid at the door of the agent',
    async (broken) => {
      let isBroken = false;
      const refusal = { code: 'UNKNOWN', message: 'no space left on device' } as const;
      const endpoint = await runtime({
        refuse: (method) => (isBroken && method === broken ? refusal : undefined),
      });
      await open(endpoint);
      // That it could a moment ago, when something else was refused, does not count.
      const { podSandboxId } = responseOf<{ podSandboxId: string }>(await runPod('earlier'));
      await invoke('StopPodSandbox', { podSandboxId });
      expect(await makeContainer(podSandboxId)).toMatchObject({ code: 'NOT_FOUND' });
      expect(failures).toEqual([]);
      isBroken = true;
      expect(await startPod()).toEqual(refusal);
      expect(failures).toMatchObject([{ code: 'runtime-failed', got: refusal.message }]);
    },
  );

  test.each([
    ['NODE' as const, 'POD' as const],
    ['POD' as const, 'NODE' as const],
  ])(
    'it cannot run pods of network %s and processes %s, which this agent asks for and the first trial does not',
    async (network, pid) => {
      const namespaceOptions = { network, pid };
      const refusal = { code: 'UNKNOWN', message: 'failed to update /proc/self/oom_score_adj' } as const;
      const endpoint = await runtime({
        refuse(method, request) {
          const { config } = request as Partial<CriRequest<'RunPodSandbox'>>;
          const asked = config?.linux?.securityContext?.namespaceOptions;
          return method === 'RunPodSandbox' && asked?.network === network && asked.pid === pid
            ? refusal
            : undefined;
        },
      });
      await open(endpoint);
      const config = { metadata: { name: 'p', uid: 'u', namespace: 'default', attempt: 0 } };
      const linux = { securityContext: { namespaceOptions } };
      expect(await invoke('RunPodSandbox', { config: { ...config, linux } })).toEqual(refusal);
      expect(failures).toMatchObject([{ code: 'runtime-failed', got: refusal.message }]);
      expect(failures[0]!.expected).toContain(`network ${network}, processes ${pid}`);
    },
  );

  test('it hangs: said once, and neither a call nor the end of the run waits for it', async () => {
    let hangs = false;
    await open(await runtime({ hangs: () => hangs }));
    await startPod();
    hangs = true;
    const call = runPod('q');
    await expect
      .poll(() => failures, { timeout: 8_000 })
      .toMatchObject([{ code: 'runtime-gone', exitCode: 69 }]);
    expect(failures[0]!.message).toMatch(/stopped answering in the middle of the run/);
    expect(stalledMs).toBe(silentMs);
    expect(await call).toMatchObject({ code: 'UNAVAILABLE' });
    await backend!.close();
  });

  test('it refuses namespaces that there are not: that is the agent’s doing', async () => {
    const refusal = { code: 'INVALID_ARGUMENT', message: 'there is no such namespace' } as const;
    const endpoint = await runtime({
      refuse(method, request) {
        const { config } = request as Partial<CriRequest<'RunPodSandbox'>>;
        const asked = config?.linux?.securityContext?.namespaceOptions;
        return method === 'RunPodSandbox' && asked?.pid === 'TARGET' ? refusal : undefined;
      },
    });
    await open(endpoint);
    const config = { metadata: { name: 'p', uid: 'u', namespace: 'default', attempt: 0 } };
    const linux = { securityContext: { namespaceOptions: { pid: 'TARGET' as const } } };
    expect(await invoke('RunPodSandbox', { config: { ...config, linux } })).toEqual(refusal);
    expect(failures).toEqual([]);
  });

  test('what the agent asks for is refused, where the same is done for others: no accident', async () => {
    await open(await runtime());
    const { podSandboxId } = responseOf<{ podSandboxId: string }>(await runPod());
    const { containerId } = responseOf<{ containerId: string }>(await makeContainer(podSandboxId));
    await invoke('StartContainer', { containerId });
    expect(await invoke('StartContainer', { containerId })).toMatchObject({ code: 'UNKNOWN' });
    await invoke('StopPodSandbox', { podSandboxId });
    expect(await makeContainer(podSandboxId, 'other')).toMatchObject({ code: 'NOT_FOUND' });
    expect(failures).toEqual([]);
  });

  describe('it runs what the suite makes, and nothing that the agent asks for', () => {
    const refusal = { code: 'UNKNOWN', message: 'cannot set hugetlb limit' } as const;
    /** Refuses to make containers of agents of this name, and counts the pods that the suite makes to try it. */
    async function refusing(name: string): Promise<() => number> {
      let trials = 0;
      const endpoint = await runtime({
        refuse(method, request) {
          if (method !== 'CreateContainer') return undefined;
          const made = (request as CriRequest<'CreateContainer'>).config.metadata.name;
          if (made === 'trial') trials++;
          return made === name ? refusal : undefined;
        },
      });
      await open(endpoint);
      return () => trials;
    }
    async function askTenTimes(): Promise<void> {
      const { podSandboxId } = responseOf<{ podSandboxId: string }>(await runPod('many'));
      const asked = Array.from({ length: 10 }, () => makeContainer(podSandboxId, 'refused'));
      expect(await Promise.all(asked)).toEqual(Array.from({ length: 10 }, () => refusal));
    }

    test('that is no failure of the agent’s, and said once it is certain', async () => {
      const trials = await refusing('refused');
      await askTenTimes();
      expect(failures).toMatchObject([{ code: 'runtime-refuses', exitCode: 69, got: refusal.message }]);
      // One at the start, and not one for each refusal.
      expect(trials()).toBeLessThan(6);
    });

    test('after one container that ran, the rest is what the agent made of it', async () => {
      await refusing('refused');
      expect(await startPod()).toMatchObject({ code: 'OK' });
      await askTenTimes();
      expect(failures).toEqual([]);
    });
  });

  test('what is not there is stopped already, also for a runtime that refuses to stop it', async () => {
    let hasLost = false;
    const refusal = { code: 'NOT_FOUND', message: 'not found' } as const;
    const endpoint = await runtime({
      refuse: (method) => (hasLost && method.startsWith('Stop') ? refusal : undefined),
    });
    await open(endpoint);
    const { podSandboxId } = responseOf<{ podSandboxId: string }>(await runPod());
    const { containerId } = responseOf<{ containerId: string }>(await makeContainer(podSandboxId));
    const done = { code: 'OK', response: {} };
    expect(await invoke('StopContainer', { containerId: 'of-another-run', timeout: 1 })).toEqual(done);
    expect(await invoke('StopPodSandbox', { podSandboxId: 'of-another-run' })).toEqual(done);
    hasLost = true;
    expect(await invoke('StopContainer', { containerId, timeout: 1 })).toEqual(done);
    expect(await invoke('StopPodSandbox', { podSandboxId })).toEqual(done);
    expect(failures).toEqual([]);
  });

  test('it refuses what this agent asks for, and nothing else: that is an answer like any other', async () => {
    const refusal = { code: 'UNKNOWN', message: 'no runtime for "other" is configured' } as const;
    const endpoint = await runtime({
      refuse: (_method, request) =>
        (request as { runtimeHandler?: string }).runtimeHandler === 'other' ? refusal : undefined,
    });
    await open(endpoint);
    expect(await runPod('p', 'other')).toEqual(refusal);
    expect(await runPod('q')).toMatchObject({ code: 'OK' });
    expect(failures).toEqual([]);
  });
});
