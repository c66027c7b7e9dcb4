import { existsSync, readFileSync, renameSync } from 'node:fs';
import { expect, test } from 'vitest';
import { preStopCommand, printCommand, readyCommand } from '../spec/workload.js';
import type { ContractKit } from './contract-kit.js';
import {
  commandStreams,
  openSpdy,
  openWebSocket,
  type SessionClient,
} from './streaming/testing/session-client.js';

const failureIn = (client: SessionClient): Record<string, unknown> =>
  JSON.parse(client.received['error']!) as Record<string, unknown>;

/** What every runtime does with commands in containers, with their output and with clients who join them. */
export function commandContract(kit: ContractKit): void {
  const { call, invoke, refusal, runPod, start, statusOf, untilExited, containerConfig } = kit;
  const exec = (containerId: string, cmd: readonly string[], timeout = 5) =>
    call('ExecSync', { containerId, cmd: [...cmd], timeout });

  test('a command in a container: readiness, a preStop hook, a timeout, the container not running', async () => {
    const podSandboxId = await runPod();
    const containerId = await start(podSandboxId, { readyMs: 3_000 });
    expect((await exec(containerId, readyCommand)).exitCode).toBe(1);
    await expect
      .poll(async () => (await exec(containerId, readyCommand)).exitCode, { timeout: 15_000 })
      .toBe(0);
    const beganAt = performance.now();
    expect((await exec(containerId, preStopCommand(300))).exitCode).toBe(0);
    expect(performance.now() - beganAt).toBeGreaterThanOrEqual(295);
    const late = await invoke('ExecSync', { containerId, cmd: preStopCommand(20_000), timeout: 1 });
    expect(late).toEqual({
      code: 'DEADLINE_EXCEEDED',
      message: 'failed to exec in container: timeout 1s exceeded: context deadline exceeded',
    });
    await call('StopContainer', { containerId, timeout: 0 });
    expect(await invoke('ExecSync', { containerId, cmd: [...readyCommand] })).toEqual({
      code: 'UNKNOWN',
      message: 'failed to exec in container: container is in CONTAINER_EXITED state',
    });
    await call('RemovePodSandbox', { podSandboxId });
  });

  test('a command’s outputs come apart, with the code it ends with', async () => {
    const podSandboxId = await runPod();
    const containerId = await start(podSandboxId);
    const printed = await exec(containerId, printCommand({ lines: 2, errorLines: 1, exitCode: 7 }));
    expect([printed.stdout.toString(), printed.stderr.toString(), printed.exitCode]).toEqual([
      'line 1\nline 2\n',
      'error 1\n',
      7,
    ]);
    expect((await exec(containerId, ['echo', 'one', 'two'], 0)).stdout.toString()).toBe('one two\n');
    expect((await exec(containerId, ['false'])).exitCode).toBe(1);
    expect((await exec(containerId, ['cat', '/none'])).stderr.toString()).toContain('No such file');
    await call('RemovePodSandbox', { podSandboxId });
  });

  test.each([{ timeout: 0 }, { timeout: 5 }])(
    'a program that is not there, timeout $timeout',
    async ({ timeout }) => {
      const podSandboxId = await runPod();
      const containerId = await start(podSandboxId);
      const missing = await invoke('ExecSync', { containerId, cmd: ['no-such-program'], timeout });
      expect(missing.code).toBe('UNKNOWN');
      expect((missing as { message: string }).message).toMatch(
        /^failed to exec in container: failed to start exec.*exec: "no-such-program": executable file not found in \$PATH/,
      );
      await call('RemovePodSandbox', { podSandboxId });
    },
  );

  test('much output is carried whole, too much refused as too large for a message', async () => {
    const podSandboxId = await runPod();
    const containerId = await start(podSandboxId);
    const much = 4 * 1024 * 1024;
    expect((await exec(containerId, printCommand({ bytes: much }), 60)).stdout).toHaveLength(much);
    const tooMuch = printCommand({ bytes: 20 * 1024 * 1024 });
    const refused = await invoke('ExecSync', { containerId, cmd: tooMuch, timeout: 60 });
    expect(refused.code).toBe('RESOURCE_EXHAUSTED');
    expect((refused as { message: string }).message).toContain(
      'trying to send message larger than max (16777221 vs. 16777216)',
    );
    await call('RemovePodSandbox', { podSandboxId });
  });

  test('output goes to log_path in the format of the CRI, in a new file once that was moved away', async () => {
    const podSandboxId = await runPod();
    const workload = { lines: 20, lineEveryMs: 200, errorLines: 1 };
    const containerId = await start(podSandboxId, workload);
    const { logPath } = await statusOf(containerId);
    const linesOf = (path: string): string[] =>
      existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
    await expect.poll(() => linesOf(logPath).length, { timeout: 5_000 }).toBeGreaterThan(3);
    renameSync(logPath, `${logPath}.1`);
    await call('ReopenContainerLog', { containerId });
    expect(existsSync(logPath)).toBe(true);
    await expect.poll(() => linesOf(logPath).length, { timeout: 5_000 }).toBeGreaterThan(1);
    await call('StopContainer', { containerId, timeout: 0 });
    const all = [...linesOf(`${logPath}.1`), ...linesOf(logPath)];
    for (const line of all)
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d) std(out|err) F \w+ \d+$/);
    const texts = all.map((line) => line.split(' ').slice(1).join(' '));
    const out = texts.filter((text) => text.startsWith('stdout'));
    expect(out).toEqual(out.map((_text, index) => `stdout F line ${index + 1}`));
    expect(texts).toContain('stderr F error 1');
    expect(await invoke('ReopenContainerLog', { containerId })).toEqual({
      code: 'UNKNOWN',
      message: 'container is not running',
    });
    await call('RemovePodSandbox', { podSandboxId });
  });

  test('the log of a container that writes nothing is there, and empty', async () => {
    const podSandboxId = await runPod();
    const containerId = await start(podSandboxId, {}, 'silent');
    const { logPath } = await statusOf(containerId);
    await expect
      .poll(() => existsSync(logPath) && readFileSync(logPath, 'utf8'), { timeout: 5_000 })
      .toBe('');
    await call('RemovePodSandbox', { podSandboxId });
  });

  test('a checkpoint is refused as something that is not implemented', async () => {
    const podSandboxId = await runPod();
    const containerId = await start(podSandboxId);
    expect(await invoke('CheckpointContainer', { containerId, location: '/tmp/checkpoint' })).toEqual({
      code: 'UNIMPLEMENTED',
      message: 'method CheckpointContainer not implemented',
    });
    await call('RemovePodSandbox', { podSandboxId });
  });

  describeSessions(kit, 'SPDY', (url, ...names) => openSpdy(url, commandStreams(...names)));
  describeSessions(kit, 'a WebSocket', (url) => openWebSocket(url));

  test('exec ends the input of a command when the client says so', async () => {
    const podSandboxId = await runPod();
    const containerId = await start(podSandboxId);
    const request = { containerId, cmd: ['cat'], stdin: true, stdout: true };
    const client = await openSpdy((await call('Exec', request)).url, commandStreams('stdin', 'stdout'));
    client.send('stdin', 'to and fro');
    client.end('stdin');
    await client.closed;
    expect(client.received['stdout']).toBe('to and fro');
    expect(failureIn(client)).toEqual({ metadata: {}, status: 'Success' });
    await call('RemovePodSandbox', { podSandboxId });
  });

  test('exec with a terminal: lines are shown and ended as one does it', async () => {
    const podSandboxId = await runPod();
    const containerId = await start(podSandboxId);
    const request = { containerId, cmd: ['cat'], tty: true, stdin: true, stdout: true };
    const { url } = await call('Exec', request);
    const client = await openSpdy(url, commandStreams('stdin', 'stdout', 'resize'));
    client.send('resize', JSON.stringify({ Width: 80, Height: 24 }));
    client.send('stdin', 'typed\r');
    await expect.poll(() => client.received['stdout'], { timeout: 5_000 }).toBe('typed\r\ntyped\r\n');
    client.send('stdin', '\x04');
    await client.closed;
    expect(failureIn(client)).toMatchObject({ status: 'Success' });
    await call('RemovePodSandbox', { podSandboxId });
  });

  test('much output comes whole through a session', async () => {
    const podSandboxId = await runPod();
    const containerId = await start(podSandboxId);
    const bytes = 3 * 1024 * 1024;
    const { url } = await call('Exec', { containerId, cmd: printCommand({ bytes }), stdout: true });
    const client = await openSpdy(url, commandStreams('stdout'));
    await client.closed;
    expect(client.received['stdout']).toHaveLength(bytes);
    await call('RemovePodSandbox', { podSandboxId });
  });

  test('port-forward: to what listens, more than once, and to what does not', async () => {
    const podSandboxId = await runPod();
    const containerId = await start(podSandboxId, { port: 8080 });
    const { url } = await call('PortForward', { podSandboxId });
    const stream = (streamtype: string, port: number, requestid: number) => ({
      streamtype,
      port: String(port),
      requestid: String(requestid),
    });
    const streams = {
      error0: stream('error', 8080, 0),
      data0: stream('data', 8080, 0),
      error1: stream('error', 8080, 1),
      data1: stream('data', 8080, 1),
      error2: stream('error', 81, 2),
      data2: stream('data', 81, 2),
    };
    // What it listens with takes a moment to start.
    await expect.poll(async () => (await statusOf(containerId)).state).toBe('CONTAINER_RUNNING');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const client = await openSpdy(url, streams, ['portforward.k8s.io']);
    client.send('data0', 'first');
    client.send('data1', 'second');
    await expect.poll(() => client.received['data0'], { timeout: 5_000 }).toBe('first');
    await expect.poll(() => client.received['data1'], { timeout: 5_000 }).toBe('second');
    await expect.poll(() => client.received['error2'], { timeout: 5_000 }).toMatch(/port 81 .*refused/i);
    expect(client.received['error0']).toBe('');
    client.destroy();
    await call('StopPodSandbox', { podSandboxId });
    expect(await invoke('PortForward', { podSandboxId })).toEqual({
      code: 'UNKNOWN',
      message: 'sandbox container is not running',
    });
    await call('RemovePodSandbox', { podSandboxId });
    expect(await invoke('PortForward', { podSandboxId })).toEqual({
      code: 'NOT_FOUND',
      message: `failed to find sandbox "${podSandboxId}": not found`,
    });
  });

  test('sessions that cannot be had are refused when they are asked for', async () => {
    const podSandboxId = await runPod();
    const containerId = await start(podSandboxId, { runMs: 1_000 });
    const cmd = [...readyCommand];
    expect(await refusal('Exec', { containerId, cmd })).toBe('INVALID_ARGUMENT');
    expect(await refusal('Exec', { containerId, cmd, tty: true, stdout: true, stderr: true })).toBe(
      'INVALID_ARGUMENT',
    );
    expect(await refusal('Attach', { containerId })).toBe('INVALID_ARGUMENT');
    await untilExited(containerId);
    const exited = { code: 'UNKNOWN', message: 'container is in CONTAINER_EXITED state' };
    expect(await invoke('Exec', { containerId, cmd, stdout: true })).toEqual(exited);
    expect(await invoke('Attach', { containerId, stdout: true })).toEqual(exited);
    const unknown = { containerId: 'nothing', cmd, stdout: true };
    expect(await invoke('Exec', unknown)).toEqual({
      code: 'NOT_FOUND',
      message: 'failed to find container "nothing" in store: not found',
    });
    expect(await invoke('Attach', unknown)).toEqual({
      code: 'NOT_FOUND',
      message: 'failed to find container in store: not found',
    });
    await call('RemovePodSandbox', { podSandboxId });
  });

  test('attach with a terminal: what it shows is that of a terminal, and so is its log', async () => {
    const podSandboxId = await runPod();
    const config = { ...containerConfig({ echo: true }), stdin: true, tty: true };
    const { containerId } = await call('CreateContainer', { podSandboxId, config });
    await call('StartContainer', { containerId });
    const { url } = await call('Attach', { containerId, tty: true, stdin: true, stdout: true });
    const client = await openSpdy(url, commandStreams('stdin', 'stdout', 'resize'));
    // Its reader of input starts a moment later than it.
    await new Promise((resolve) => setTimeout(resolve, 500));
    client.send('stdin', 'typed\r');
    await expect.poll(() => client.received['stdout'], { timeout: 5_000 }).toBe('typed\r\ntyped\r\n');
    client.destroy();
    expect((await statusOf(containerId)).state).toBe('CONTAINER_RUNNING');
    await call('RemovePodSandbox', { podSandboxId });
  });

  test('a second client finds the input closed when it was to be closed with the first', async () => {
    const podSandboxId = await runPod();
    const config = { ...containerConfig({ echo: true }), stdin: true, stdinOnce: true };
    const { containerId } = await call('CreateContainer', { podSandboxId, config });
    await call('StartContainer', { containerId });
    const attach = async (): Promise<SessionClient> => {
      const { url } = await call('Attach', { containerId, stdin: true, stdout: true });
      return openSpdy(url, commandStreams('stdin', 'stdout'));
    };
    const first = await attach();
    await new Promise((resolve) => setTimeout(resolve, 500));
    first.send('stdin', 'heard\n');
    await expect.poll(() => first.received['stdout'], { timeout: 5_000 }).toBe('heard\n');
    first.end('stdin');
    await new Promise((resolve) => setTimeout(resolve, 300));
    first.destroy();
    expect((await statusOf(containerId)).state).toBe('CONTAINER_RUNNING');
    await call('RemovePodSandbox', { podSandboxId });
  });
}

type Open = (url: string, ...names: ('stdin' | 'stdout' | 'stderr')[]) => Promise<SessionClient>;

function describeSessions(kit: ContractKit, transport: string, open: Open): void {
  const { call, runPod, start, containerConfig } = kit;

  test(`exec over ${transport}: outputs apart, and the code at the end`, async () => {
    const podSandboxId = await runPod();
    const containerId = await start(podSandboxId);
    const cmd = printCommand({ lines: 2, errorLines: 1, exitCode: 3 });
    const { url } = await call('Exec', { containerId, cmd, stdout: true, stderr: true });
    const client = await open(url, 'stdout', 'stderr');
    await client.closed;
    expect(client.received).toMatchObject({ stdout: 'line 1\nline 2\n', stderr: 'error 1\n' });
    expect(failureIn(client)).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      message: `command terminated with non-zero exit code: error executing command [${cmd.join(' ')}], exit code 3`,
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
    await call('RemovePodSandbox', { podSandboxId });
  });

  test(`exec over ${transport}: a program that is not there`, async () => {
    const podSandboxId = await runPod();
    const containerId = await start(podSandboxId);
    const { url } = await call('Exec', { containerId, cmd: ['no-such-program'], stdout: true });
    const client = await open(url, 'stdout');
    await client.closed;
    expect(failureIn(client)).toMatchObject({ status: 'Failure', reason: 'InternalError', code: 500 });
    expect(failureIn(client)['message']).toMatch(/executable file not found in \$PATH/);
    await call('RemovePodSandbox', { podSandboxId });
  });

  test(`attach over ${transport}: both ways with the main process, until it ends`, async () => {
    const podSandboxId = await runPod();
    const config = { ...containerConfig({ echo: true, lines: 1 }), stdin: true };
    const { containerId } = await call('CreateContainer', { podSandboxId, config });
    await call('StartContainer', { containerId });
    const { url } = await call('Attach', { containerId, stdin: true, stdout: true, stderr: true });
    const client = await open(url, 'stdin', 'stdout', 'stderr');
    // Its reader of input starts a moment later than it.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = client.received['stdout']!.length;
    client.send('stdin', 'hello\n');
    await expect.poll(() => client.received['stdout']!.slice(before), { timeout: 5_000 }).toBe('hello\n');
    await kit.backend().exitContainer(containerId, 0);
    await client.closed;
    await call('RemovePodSandbox', { podSandboxId });
  });
}
