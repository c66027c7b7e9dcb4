import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../core/package-root.js';
import { connectRuntime } from '../runtimes/cri/cri-runtime.js';
import { sweepPods } from '../runtimes/cri/sweep.js';
import { testEndpoint } from '../runtimes/cri/test-endpoint.js';

/** What users and their machines do to the command, end to end: each has one message and the right exit code. */
const main = join(packageRoot(), 'dist/harness/cli/main.js');
const parent = mkdtempSync(join(tmpdir(), 'conformance-accidents-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A directory with these files in it. */
function newDirectory(files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(parent, 'test-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

function conformance(
  words: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...words],
      { cwd, env: { ...process.env, FORCE_COLOR: '', ...env }, maxBuffer: 1 << 24 },
      (error, out, err) =>
        resolve({ code: error === null ? 0 : ((error as { code?: number }).code ?? -1), out, err }),
    );
  });
}

async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  return condition();
}

const short = ['--cases', '3', '--seed', '1', '--jobs', '1', '--report', 'out', '--no-shrink', '--quiet'];

test('a campaign that is killed leaves what it has found, and has said so', { timeout: 60_000 }, async () => {
  const directory = newDirectory();
  const words = ['run', '--agent', 'mutant:sandbox-before-containers', '--cases', '100000', '--jobs', '1'];
  const run = spawn(process.execPath, [main, ...words, '--report', 'out'], { cwd: directory });
  let told = '';
  run.stderr.on('data', (text) => (told += String(text)));
  const ended = new Promise((resolve) => run.once('exit', resolve));
  expect(await until(() => /^TERM-02: .* out\/cases\/\S+\.json$/m.test(told), 40_000)).toBe(true);
  run.kill('SIGKILL');
  await ended;
  const [path] = /out\/cases\/\S+\.json/.exec(told)!;
  const replayed = await conformance(['replay', path], directory);
  expect(replayed.out).toMatch(/^identical$/m);
  expect(existsSync(join(directory, 'out/report.json'))).toBe(false);
});

describe('an agent module that fails is at fault itself', () => {
  test.each([
    ['in createAgent', `export function createAgent() { throw new Error('no tea'); }`],
    [
      'in a timer',
      `export function createAgent() {
         return { start() { setTimeout(() => { throw new Error('no tea'); }, 300); }, stop() {} };
       }`,
    ],
    [
      'in a promise that nobody awaits',
      `export function createAgent(ports) {
         const work = async () => { await ports.runtime.call('Version', {}); throw new Error('no tea'); };
         return { start() { void work(); }, stop() {} };
       }`,
    ],
    [
      'with process.exit',
      `export function createAgent() { return { start() { process.exit(0); }, stop() {} }; }`,
    ],
  ])('%s', async (name, text) => {
    const ended = await conformance(
      ['run', '--agent', './agent.mjs', ...short],
      newDirectory({ 'agent.mjs': text }),
    );
    expect(ended.out).toMatch(/FAIL QUIET-02/);
    expect(ended.out).toContain(name === 'with process.exit' ? 'process.exit(0)' : 'no tea');
    expect(ended.code).toBe(1);
  });

  test('in createAgent, as a process of its own: the module is named, not the suite', async () => {
    const ended = await conformance(
      ['run', '--agent', './agent.mjs', '--world', 'live', ...short],
      newDirectory({ 'agent.mjs': `export function createAgent() { throw new Error('no tea'); }` }),
    );
    expect(ended.err).toMatch(/The agent module threw when it was started\.[^]*agent\.mjs[^]*no tea/);
    expect(ended.err).not.toContain('The suite itself failed');
    expect(ended.code).toBe(69);
  });

  test('at import, or when it is no agent: wrong usage', async () => {
    const directory = newDirectory({
      'throws.mjs': `throw new Error('no tea');`,
      'nothing.ts': 'export const hello = 1;',
    });
    const throws = await conformance(['run', '--agent', './throws.mjs', ...short], directory);
    expect(throws.err).toContain('no tea');
    const nothing = await conformance(['run', '--agent', './nothing.ts', ...short], directory);
    expect(nothing.err).toContain('createAgent');
    expect([throws.code, nothing.code]).toEqual([64, 64]);
  });
});

test('an agent module that never gives the thread back is named, and what was found is kept', async () => {
  // It lives through the case that is tried first, breaks requirements, and blocks in a later one.
  const directory = newDirectory({
    'agent.mjs': `let lives = 0;
      export function createAgent() {
        return { start() { if (++lives > 100) for (;;); }, stop() {} };
      }`,
  });
  const ended = await conformance(
    ['run', '--agent', './agent.mjs', '--cases', '200', '--jobs', '1', '--seed', '1', '--no-shrink'],
    directory,
  );
  expect(ended.err).toContain('did not give the thread back');
  expect(ended.out).toMatch(/FAIL FILE-01/);
  expect(ended.code).toBe(1);
  const report = readFileSync(join(directory, 'conformance-report/report.json'), 'utf8');
  expect(JSON.parse(report)).toMatchObject({ interrupted: true, exitCode: 1 });
}, 30_000);

describe('an agent process', () => {
  const agentFile = (command: readonly string[]): string =>
    JSON.stringify({ name: 'mine', command, sources: ['file'], features: [], readyTimeoutMs: 1_500 });

  test('that never calls is shown with what it wrote, however much that is', async () => {
    const chatty = ['/bin/sh', '-c', 'yes "here I am"', '{{runtime.endpoint}}'];
    const ended = await conformance(
      ['run', '--agent', 'agent.json', ...short],
      newDirectory({ 'agent.json': agentFile(chatty) }),
    );
    expect(ended.err).toMatch(/made no runtime call within 1\.5 s[^]*\n +here I am\n +here I am\n/);
    expect(ended.code).toBe(69);
  });

  test('whose directory is missing: the directory is named, not the program', async () => {
    const text = JSON.stringify({
      ...(JSON.parse(agentFile(['/bin/true', '{{runtime.endpoint}}'])) as object),
      cwd: 'nowhere',
    });
    const ended = await conformance(
      ['run', '--agent', 'agent.json', ...short],
      newDirectory({ 'agent.json': text }),
    );
    expect(ended.err).toMatch(/at +cwd[^]*nowhere/);
    expect(ended.code).toBe(69);
  });
});

describe('the machine', () => {
  test('a temporary directory that is missing or too long for sockets', async () => {
    const directory = newDirectory();
    const long = join(directory, 'x'.repeat(100));
    mkdirSync(long);
    const words = ['run', '--world', 'live', ...short];
    const missing = await conformance(words, directory, { TMPDIR: '/no/where' });
    expect(missing.err).toMatch(/at +TMPDIR/);
    const tooLong = await conformance(words, directory, { TMPDIR: long });
    expect(tooLong.err).toMatch(/at most 107 bytes/);
    expect(readdirSync(long)).toEqual([]);
    expect([missing.code, tooLong.code]).toEqual([69, 69]);
  });

  test('a reader that goes away hides neither the report nor the exit code', async () => {
    const directory = newDirectory();
    const words = ['run', '--agent', 'mutant:ignores-grace', '--cases', '40', '--seed', '1', '--bail'];
    const run = spawn(process.execPath, [main, ...words, '--no-shrink', '--report', 'out'], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    run.stdout.destroy();
    expect(await new Promise((resolve) => run.once('exit', resolve))).toBe(1);
    expect(existsSync(join(directory, 'out/report.json'))).toBe(true);
  });

  test('an output that is full is said, and the report is there', async () => {
    const directory = newDirectory();
    const script = `"${process.execPath}" "${main}" run --cases 1 --report out > /dev/full`;
    const run = spawn('/bin/sh', ['-c', script], { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    run.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    expect(await new Promise((resolve) => run.once('close', resolve))).toBe(69);
    expect(err).toContain('The result cannot be printed.');
    expect(existsSync(join(directory, 'out/report.json'))).toBe(true);
  });

  test('a trace that cannot be written comes after the outcome', async () => {
    const directory = newDirectory();
    await conformance(
      ['run', '--agent', 'mutant:ignores-grace', '--cases', '40', '--seed', '1', '--bail', '--no-shrink'],
      directory,
    );
    const cases = join(directory, 'conformance-report/cases');
    const saved = join(cases, readdirSync(cases)[0]!);
    const ended = await conformance(['replay', saved, '--trace', '/no/where'], directory);
    expect(ended.out).toContain('still fails');
    expect(ended.err).toContain('The trace cannot be written.');
    expect(ended.code).toBe(69);
  });
});

describe('Ctrl-C', () => {
  function interrupted(
    words: readonly string[],
    cwd: string,
    isDue: (seen: string) => boolean,
  ): Promise<Ended> {
    const run: ChildProcess = spawn(process.execPath, [main, ...words], { cwd, stdio: 'pipe' });
    let out = '';
    let err = '';
    let sent = false;
    const look = (): void => {
      if (sent || !isDue(out + err)) return;
      sent = true;
      run.kill('SIGINT');
    };
    run.stdout!.on('data', (chunk: Buffer) => ((out += chunk.toString()), look()));
    run.stderr!.on('data', (chunk: Buffer) => ((err += chunk.toString()), look()));
    return new Promise((resolve) => run.once('close', (code) => resolve({ code: code ?? -1, out, err })));
  }

  test('while a finding is being shrunk: it is reported as it was seen', async () => {
    const directory = newDirectory();
    const ended = await interrupted(
      ['run', '--agent', 'mutant:ignores-grace', '--time', '60s', '--seed', '1', '--report', 'out'],
      directory,
      (seen) => /[1-9]\d* findings?/.test(seen),
    );
    expect(ended.out).toContain('FAIL TERM-01');
    expect(ended.code).toBe(1);
    expect(readdirSync(join(directory, 'out/cases')).length).toBeGreaterThan(0);
  }, 30_000);

  test('while serve waits for an agent', async () => {
    const ended = await interrupted(['serve', '--report', 'out'], newDirectory(), (seen) =>
      seen.includes('Start your agent'),
    );
    expect(ended.out).toContain('no requirement was exercised');
    expect(ended.code).toBe(2);
  });
});

describe('Docker', () => {
  test('is not looked for elsewhere than where it was said to be', async () => {
    const ended = await conformance(['run', '--runtime', 'docker', ...short], newDirectory(), {
      DOCKER_HOST: 'unix:///no/where.sock',
    });
    expect(ended.err).toMatch(/at +DOCKER_HOST[^]*unix:\/\/\/no\/where\.sock/);
    expect(ended.code).toBe(69);
  });

  test('goes away in the middle: said at once, no finding, the report is there', async () => {
    const directory = newDirectory();
    const door = await openDoor(join(directory, 'docker.sock'));
    const ending = conformance(
      ['run', '--runtime', 'docker', '--cases', '40', '--seed', '2', '--jobs', '1', '--report', 'out'],
      directory,
      { DOCKER_HOST: `unix://${join(directory, 'docker.sock')}` },
    );
    expect(await until(() => door.messages() > 30, 20_000)).toBe(true);
    door.shut();
    const ended = await ending;
    expect(ended.err).toMatch(/Docker went away|Docker does not answer/);
    expect(ended.code).toBe(69);
    expect(ended.out).not.toContain('FAIL');
  }, 40_000);
});

describe('a CRI runtime', () => {
  const runtime = testEndpoint.slice('unix://'.length);

  test('is not there', async () => {
    const ended = await conformance(['run', '--runtime', 'cri:/no/where.sock', ...short], newDirectory());
    expect(ended.err).toMatch(/No container runtime answers at unix:\/\/\/no\/where\.sock[^]*ENOENT/);
    expect(ended.code).toBe(69);
    const looked = await conformance(['doctor', '--runtime', 'cri:/no/where.sock'], newDirectory());
    expect(looked.out).toMatch(/✗ cri runtime +No container runtime answers/);
    expect(looked.code).toBe(69);
  });

  test('is there, and doctor says which', async () => {
    const ended = await conformance(['doctor', '--runtime', `cri:${runtime}`], newDirectory());
    expect(ended.out).toMatch(/✓ cri runtime +containerd .* \(runtime\.v1\) at unix:\/\/\S+ is ready/);
    expect(ended.code).toBe(0);
  });

  test('is named in a way that nobody can reach', async () => {
    const ended = await conformance(['run', '--runtime', 'cri:tcp://127.0.0.1:1', ...short], newDirectory());
    expect(ended.err).toContain('cri:unix:///<socket>');
    expect(ended.code).toBe(64);
  });

  test('goes away in the middle: said at once, no finding, the report is there', async () => {
    const directory = newDirectory();
    const socket = join(directory, 'cri.sock');
    const door = await openDoor(socket, runtime);
    const ending = conformance(
      [
        'run',
        '--runtime',
        `cri:unix://${socket}`,
        '--cases',
        '40',
        '--seed',
        '2',
        '--jobs',
        '1',
        '--report',
        'out',
      ],
      directory,
    );
    // So many make out more than the suite's own first pod.
    expect(await until(() => door.messages() > 300, 60_000)).toBe(true);
    door.shut();
    const ended = await ending;
    expect(ended.err).toMatch(/went away in the middle of the run/);
    expect(ended.code).toBe(69);
    expect(ended.out).not.toContain('FAIL');
    // What the door kept the run from removing goes with the next look at the runtime.
    const direct = await connectRuntime(testEndpoint);
    await sweepPods(direct);
    direct.close();
  }, 90_000);
});

/** A way to a socket of the machine that can be shut. */
async function openDoor(
  path: string,
  to = '/var/run/docker.sock',
): Promise<{ messages(): number; shut(): void }> {
  const sockets = new Set<Socket>();
  let messages = 0;
  const server: Server = createServer((near) => {
    const far = connect(to);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    near.on('data', () => messages++);
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    messages: () => messages,
    shut() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

test('bad input is named with its place', async () => {
  const directory = newDirectory({
    'deep.json': `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    'known.txt': 'MUX-03\n\u001b[31m;\n',
    'conformance.config.mjs': 'export const cases = 1;',
  });
  const deep = await conformance(['replay', 'deep.json'], directory);
  expect(deep.err).toContain('nested too deeply');
  const config = await conformance(['run'], directory);
  expect(config.err).toContain('no default export');
  rmSync(join(directory, 'conformance.config.mjs'));
  const known = await conformance(['run', '--known-failing', 'known.txt', ...short], directory);
  expect(known.err).toMatch(/at +line 2[^]*\\u001b\[31m;/);
  const suite = await conformance(['serve', '--suite', 'none-such'], directory);
  expect(suite.err).toContain('none-such');
  const requirement = await conformance(['serve', '--requirement', 'NO-99'], directory);
  expect(requirement.err).toContain('NO-99');
  const codes = [deep, config, known, suite, requirement].map(({ code }) => code);
  expect(codes).toEqual([64, 64, 64, 64, 64]);
});
