/** An engine that is real and has a hand before it, which refuses what a test wants refused. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HarnessError } from '../../core/errors.js';
import type { CriRequest, CriResult } from '../../ports/cri.js';
import type { RuntimeBackend } from '../../ports/runtime.js';
import type { CriMethod } from '../../spec/plan.js';
import { createDockerBackend } from './docker-backend.js';
import { connectDocker } from './docker-engine.js';
import { forgetDocker, prepareDocker } from './prepare-docker.js';

interface Refusal {
  readonly status: number;
  readonly message: string;
}

const directory = mkdtempSync(join(tmpdir(), 'nac-docker-accidents-'));
const socketPath = join(directory, 'engine.sock');
const realSocket = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').slice('unix://'.length);
let refuse: (path: string) => Refusal | undefined = () => undefined;
/** Of answers to these requests only the head arrives, and the first byte of the body; then the connection breaks. */
let breaksOff: (path: string) => boolean = () => false;
/** While there is a list, requests are taken and wait in it. */
let held: (() => void)[] | undefined;
let server: Server;
let backend: RuntimeBackend;
const failures: HarnessError[] = [];
let stalledMs = 0;
/** Shorter than a run has, so that a test need not wait for half a minute. */
const silentMs = 3_000;

beforeAll(async () => {
  const serve: RequestListener = (incoming, outgoing) => {
    const refusal = refuse(incoming.url ?? '');
    if (refusal !== undefined) {
      incoming.resume();
      outgoing.writeHead(refusal.status, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify({ message: refusal.message }));
      return;
    }
    const { method, url: path, headers } = incoming;
    const onward = request({ socketPath: realSocket, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      outgoing.flushHeaders();
      if (breaksOff(path!)) {
        answer.once('data', (chunk: Buffer) =>
          outgoing.write(chunk.subarray(0, 1), () => outgoing.socket?.destroySoon()),
        );
      } else answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  };
  server = createServer((incoming, outgoing) => {
    if (held === undefined) serve(incoming, outgoing);
    else held.push(() => serve(incoming, outgoing));
  });
  await new Promise<void>((resolve) => void server.listen(socketPath, resolve));
  process.env['DOCKER_HOST'] = `unix://${socketPath}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  failures.length = 0;
  stalledMs = 0;
  backend = await createDockerBackend({
    runId: `docker-accidents-${process.pid}`,
    observer: { onChange: () => {}, onEvent: () => {}, onStall: (ms) => void (stalledMs += ms) },
    onFailure: (error) => void failures.push(error),
    silentMs,
  });
  await call('PullImage', { image: { image: 'w:1' } });
});
afterEach(async () => {
  refuse = () => undefined;
  breaksOff = () => false;
  held = undefined;
  await backend.close();
});

function call<Method extends CriMethod>(method: Method, wanted: CriRequest<Method>): Promise<CriResult> {
  return new Promise((resolve) => backend.invoke(method, wanted, resolve));
}
const responseOf = <Response>(result: CriResult): Response => {
  if (result.code !== 'OK') throw new Error(result.message);
  return result.response as Response;
};
const runPod = (): Promise<CriResult> =>
  call('RunPodSandbox', { config: { metadata: { name: 'p', uid: 'u', namespace: 'default', attempt: 0 } } });
const makeContainer = (podSandboxId: string, command: string[] = []): Promise<CriResult> =>
  call('CreateContainer', {
    podSandboxId,
    config: { metadata: { name: 'main', attempt: 0 }, image: { image: 'w:1' }, command },
  });
/** The first refusal on the way to a running container, or the last answer. */
async function startPod(command?: string[]): Promise<CriResult> {
  const run = await runPod();
  if (run.code !== 'OK') return run;
  const made = await makeContainer(responseOf<{ podSandboxId: string }>(run).podSandboxId, command);
  if (made.code !== 'OK') return made;
  return call('StartContainer', responseOf<{ containerId: string }>(made));
}

/** Containers are made in this order: that of the sandbox, then those of the pod. */
const breakAt = (part: RegExp, nth: number, refusal: Refusal): void => {
  let seen = 0;
  refuse = (path) => (part.test(path) && ++seen >= nth ? refusal : undefined);
};
const isCreate = /\/containers\/create/;
/** Those of pods alone: sandboxes can still be made. */
const isContainerCreate = /\/containers\/create\?name=nac_main_/;
const isStart = /\/containers\/[^/]+\/start/;

describe('in the middle of a run the engine can no longer', () => {
  const full = { status: 500, message: 'no space left on device' };
  test.each([
    ['make sandboxes', isCreate, 1, full],
    ['start sandboxes', isStart, 1, full],
    ['make containers', isCreate, 2, full],
    ['make containers, but sandboxes', isContainerCreate, 1, full],
    ['start containers', isStart, 2, full],
    ['find the workload image', isCreate, 2, { status: 404, message: 'No such image: conformance:1' }],
    ['be asked so much', isCreate, 2, { status: 429, message: 'too many requests' }],
  ] as const)('%s: that is not laid at the door of the agent', async (_what, part, nth, refusal) => {
    breakAt(part, nth, refusal);
    expect(await startPod()).toEqual({ code: 'UNKNOWN', message: refusal.message });
    expect(failures).toMatchObject([{ code: 'docker-failed', exitCode: 69, got: refusal.message }]);
  });
});

test('what the agent asks for is refused, where what is known to be right is done: no accident', async () => {
  expect(await startPod(['/no/such/program'])).toMatchObject({ code: 'UNKNOWN' });
  expect(failures).toEqual([]);
});

test('one refusal that does not come again is the answer, and no accident', async () => {
  let isFirst = true;
  refuse = (path) => {
    if (!isCreate.test(path) || !isFirst) return undefined;
    isFirst = false;
    return { status: 500, message: 'try again' };
  };
  expect(await runPod()).toEqual({ code: 'UNKNOWN', message: 'try again' });
  expect(await runPod()).toMatchObject({ code: 'OK' });
  expect(failures).toEqual([]);
});

test('what it cannot do is tried once: nothing is made for a run that is over', async () => {
  let creates = 0;
  refuse = (path) => {
    if (!isCreate.test(path)) return undefined;
    creates++;
    return { status: 500, message: 'no space left on device' };
  };
  await runPod();
  expect(creates).toBe(2);
  await runPod();
  expect(creates).toBe(3);
  expect(failures).toHaveLength(1);
});

test('the engine goes away: said once', async () => {
  await startPod();
  server.closeAllConnections();
  await expect.poll(() => failures).toMatchObject([{ code: 'docker-gone', exitCode: 69 }]);
});

describe('the engine goes away in the middle of an answer', () => {
  test('to a call: it is answered, and the engine is said to be gone', async () => {
    breaksOff = (path) => /\/containers\/[^/]+\/json/.test(path);
    expect(await runPod()).toMatchObject({ code: 'UNAVAILABLE' });
    expect(failures).toMatchObject([{ code: 'docker-gone', exitCode: 69 }]);
  });

  test('to an order from outside: nothing was done, and the engine is said to be gone', async () => {
    const { podSandboxId } = responseOf<{ podSandboxId: string }>(await runPod());
    const { containerId } = responseOf<{ containerId: string }>(await makeContainer(podSandboxId));
    await call('StartContainer', { containerId });
    breaksOff = (path) => /\/containers\/[^/]+\/exec/.test(path);
    expect(await backend.exitContainer(containerId, 3)).toBe(false);
    expect(failures).toMatchObject([{ code: 'docker-gone', exitCode: 69 }]);
  });

  test('when a run prepares: it is said to be gone', async () => {
    forgetDocker();
    breaksOff = (path) => /\/containers\/json/.test(path);
    await expect(prepareDocker()).rejects.toMatchObject({ code: 'docker-gone', exitCode: 69 });
  });

  test('when a run cleans up: it ends all the same', async () => {
    await startPod();
    breaksOff = (path) => /\/containers\/json/.test(path);
    await backend.close();
  });
});

describe('the engine hangs', () => {
  test('when a run begins: it is said, and nothing waits for it', async () => {
    held = [];
    await expect(connectDocker(500)).rejects.toMatchObject({
      code: 'docker-missing',
      exitCode: 69,
      got: 'it has not answered for 0.5 s',
    });
  });

  test('for good: said once, and neither a call nor the end of the run waits for it', async () => {
    held = [];
    const call = runPod();
    await expect
      .poll(() => failures, { timeout: 8_000 })
      .toMatchObject([{ code: 'docker-gone', exitCode: 69 }]);
    expect(failures[0]!.message).toBe('Docker stopped answering in the middle of the run.');
    expect(await call).toMatchObject({ code: 'UNAVAILABLE' });
    expect(stalledMs).toBe(silentMs);
    await backend.close();
  });

  test('for a while: how long it did is told, and the run goes on', async () => {
    held = [];
    const call = runPod();
    await expect.poll(() => stalledMs, { timeout: 5_000 }).toBeGreaterThanOrEqual(1_000);
    const waiting = held;
    held = undefined;
    for (const serve of waiting) serve();
    expect(await call).toMatchObject({ code: 'OK' });
    expect(failures).toEqual([]);
  });
});

test('the library prints the connections with every request: that costs next to nothing', async () => {
  const { modem } = (await connectDocker()).container.dockerode;
  expect(inspect((modem as { agent?: object }).agent, { showHidden: true, depth: null })).toBe(
    'connections to the engine',
  );
});
