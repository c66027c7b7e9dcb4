import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../core/package-root.js';
import { likelyCause } from './likely-cause.js';

/** A real kubelet is not in the repository: these tests run where the variable names one. */
const binary = process.env['CONFORMANCE_KUBELET'] ?? '';
if (binary === '')
  console.warn('\nCONFORMANCE_KUBELET is not set: NOBODY ASKED A REAL KUBELET FOR LOGS OR COMMANDS.\n');

const main = join(packageRoot(), 'dist/harness/cli/main.js');

const pod = `
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  nodeName: node-1
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: workload:v1
      args: [--lines=2, --echo, --port=8080]
      stdin: true
`;

describe.runIf(binary !== '')('kubectl, with a real kubelet that serve waits for', () => {
  let directory = '';
  const environment = { ...process.env, HOME: '', KUBECONFIG: '', TMPDIR: '', FORCE_COLOR: '' };
  /** Each in a group of its own. */
  const started: ChildProcess[] = [];
  let printed = '';
  let server = { host: '', port: 0 };

  function start(program: string, words: readonly string[]): ChildProcess {
    const child = spawn(program, words, { cwd: directory, env: environment, detached: true });
    started.push(child);
    return child;
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid!, signal);
    await ended;
  }

  /** What has been written so far, to both outputs. */
  function collected(child: ChildProcess): { text: string } {
    const output = { text: '' };
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (output.text += text));
    return output;
  }

  /** Output and errors as one text, as people see it. */
  async function kubectl(...words: string[]): Promise<string> {
    const run = promisify(execFile)('kubectl', words, { env: environment, timeout: 30_000 });
    const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
    return stdout + stderr;
  }

  async function until(condition: () => boolean, timeoutMs: number): Promise<void> {
    for (let waitedMs = 0; waitedMs < timeoutMs && !condition(); waitedMs += 100) await delay(100);
  }

  /** The command that serve printed. */
  const commandLine = (): string => /^ {2}(\S.* unshare .*)$/m.exec(printed)![1]!;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'served-kubelet-'));
    Object.assign(environment, { HOME: directory, TMPDIR: directory });
    const bounds = ['--suite', 'mux', '--cases', '40', '--seed', '1', '--report', 'out'];
    const words = ['serve', '--agent', 'kubelet', '--agent-binary', binary, ...bounds];
    const output = collected(start(process.execPath, [main, ...words]));
    await until(() => / unshare .*\n/.test(output.text), 60_000);
    printed = output.text;
    expect(printed).toMatch(/for kubectl .*agent address .* unshare /s);
    environment.KUBECONFIG = /for kubectl +(\S+)/.exec(printed)![1]!;
    const [, host, port] = /agent address +(\S+):(\d+)/.exec(printed)!;
    server = { host: host!, port: Number(port) };
  }, 90_000);

  afterAll(async () => {
    for (const child of started.slice(1).toReversed()) await end(child, 'SIGKILL');
    // It removes what the kubelet has left in its directory.
    await end(started[0]!, 'SIGINT');
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  test('a port that was taken in the meantime is told', { timeout: 120_000 }, async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(server.port, server.host, resolve));
    const kubelet = start('/bin/sh', ['-c', commandLine()]);
    const output = collected(kubelet);
    try {
      await expect.poll(() => kubelet.exitCode, { timeout: 60_000 }).toBe(1);
    } finally {
      await end(kubelet, 'SIGKILL');
      await new Promise((resolve) => holder.close(resolve));
    }
    expect(likelyCause(output.text.split('\n'))?.words).toMatch(/port .* is taken/);
  });

  test('a pod runs, and the kubelet answers for it', { timeout: 180_000 }, async () => {
    start('/bin/sh', ['-c', commandLine()]);
    writeFileSync(join(directory, 'web.yaml'), pod);
    expect(await kubectl('apply', '-f', join(directory, 'web.yaml'))).toBe('pod/web created\n');
    const phase = (): Promise<string> => kubectl('get', 'pod', 'web', '-o', 'jsonpath={.status.phase}');
    await expect.poll(phase, { timeout: 120_000, interval: 1_000 }).toBe('Running');
    expect(await kubectl('logs', 'web')).toBe('line 1\nline 2\n');
    expect(await kubectl('logs', 'web', '--tail', '1')).toBe('line 2\n');
  });

  test('commands run in it', { timeout: 60_000 }, async () => {
    expect(await kubectl('exec', 'web', '--', 'echo', 'hello')).toBe('hello\n');
    expect(await kubectl('exec', 'web', '--', 'false')).toMatch(/exit code 1/);
    const cat = start('kubectl', ['exec', '-i', 'web', '--', 'cat']);
    const output = collected(cat);
    cat.stdin!.end('to and fro\n');
    await expect.poll(() => output.text, { timeout: 20_000 }).toBe('to and fro\n');
  });

  test('its main process is told things, and its ports are forwarded', { timeout: 60_000 }, async () => {
    const followed = start('kubectl', ['logs', '--follow', 'web']);
    const logged = collected(followed);
    const attached = start('kubectl', ['attach', '-i', 'web']);
    const seen = collected(attached);
    attached.stdin!.write('are you there\n');
    await expect.poll(() => seen.text, { timeout: 20_000 }).toContain('are you there\n');
    await expect.poll(() => logged.text, { timeout: 20_000 }).toBe('line 1\nline 2\nare you there\n');
    for (const child of [attached, followed]) await end(child, 'SIGTERM');
    const forward = start('kubectl', ['port-forward', 'pod/web', ':8080']);
    const told = collected(forward);
    await expect.poll(() => told.text, { timeout: 20_000 }).toMatch(/127\.0\.0\.1:\d+ -> 8080/);
    const client = connect(Number(/127\.0\.0\.1:(\d+)/.exec(told.text)![1]), '127.0.0.1');
    let echoed = '';
    client.setEncoding('utf8').on('data', (text: string) => (echoed += text));
    client.write('ping');
    await expect.poll(() => echoed, { timeout: 20_000 }).toBe('ping');
    client.destroy();
    await end(forward, 'SIGTERM');
  });

  test('nobody else is answered', { timeout: 60_000 }, async () => {
    const status = await new Promise((resolve, reject) => {
      const sent = request({ ...server, path: '/pods', rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.once('error', reject).end();
    });
    expect(status).toBe(401);
  });
});
