/** An engine that is real and has a hand before it, which refuses what a test wants refused. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HarnessError } from '../../core/errors.js';
import type { CriRequest, CriResult } from '../../ports/cri.js';
import type { RuntimeBackend } from '../../ports/runtime.js';
import type { CriMethod } from '../../spec/plan.js';
import { createDockerBackend } from './docker-backend.js';

interface Refusal {
  readonly status: number;
  readonly message: string;
}

const directory = mkdtempSync(join(tmpdir(), 'nac-docker-accidents-'));
const socketPath = join(directory, 'engine.sock');
const realSocket = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').slice('unix://'.length);
let refuse: (path: string) => Refusal | undefined = () => undefined;
let server: Server;
let backend: RuntimeBackend;
const failures: HarnessError[] = [];

beforeAll(async () => {
  server = createServer((incoming, outgoing) => {
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
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
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
  backend = await createDockerBackend({
    runId: `docker-accidents-${process.pid}`,
    observer: { onChange: () => {}, onEvent: () => {} },
    onFailure: (error) => void failures.push(error),
  });
  await call('PullImage', { image: { image: 'w:1' } });
});
afterEach(async () => {
  refuse = () => undefined;
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
