import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../core/package-root.js';
import { createCriPort } from '../drivers/agent-ports/cri-port.js';
import { connectRuntime } from '../runtimes/cri/cri-runtime.js';
import { testEndpoint } from '../runtimes/cri/test-endpoint.js';
import { isOwnerDead, parseOwner } from '../runtimes/leftovers/owner.js';
import { runLabels } from '../runtimes/run-labels.js';

const main = join(packageRoot(), 'dist/harness/cli/main.js');

function conformance(
  words: readonly string[],
  cwd: string,
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...words],
      { cwd, env: { ...process.env, FORCE_COLOR: '' }, maxBuffer: 1 << 24 },
      (error, out, err) => {
        resolve({ code: error === null ? 0 : ((error as { code?: number }).code ?? -1), out, err });
      },
    );
  });
}

const parent = mkdtempSync(join(tmpdir(), 'conformance-live-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

function newDirectory(agentFile?: string): string {
  const directory = mkdtempSync(join(parent, 'test-'));
  if (agentFile !== undefined) writeFileSync(join(directory, 'agent.yaml'), agentFile);
  return directory;
}

/** Processes whose command line names this text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}

async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  return condition();
}

/** An agent file for the reference agent as somebody else would write one. */
const agentFile = (more = ''): string => `
name: as-a-process
command: [${process.execPath}, ${main}, agent, '--runtime-endpoint={{runtime.endpoint}}', '--manifest-directory={{sources.file.path}}',
  '--manifest-url={{sources.http.url}}', '--node-name={{node.name}}', '--timings={{timings.json}}'${more}]
sources: [file, http]
features: [restart-policy, init-containers, sidecars, pre-stop, garbage-collection, adoption, orphan-cleanup, image-pull,
  host-network, static-identity, settable-timings]
`;

describe('live, simulated containers', () => {
  test('the reference agent as a process conforms', { timeout: 120_000 }, async () => {
    const directory = newDirectory();
    const ended = await conformance(
      ['run', '--world', 'live', '--cases', '12', '--seed', '1', '--jobs', '1', '--report', 'out'],
      directory,
    );
    expect(ended.out).toContain('Conforms');
    expect(ended.code).toBe(0);
  });

  test(
    'an agent given by a file is driven over its sources, and a broken one is caught',
    { timeout: 180_000 },
    async () => {
      const honest = await conformance(
        ['run', '--agent', 'agent.yaml', '--cases', '6', '--seed', '1', '--jobs', '1', '--report', 'out'],
        newDirectory(agentFile()),
      );
      expect(honest.out).toContain('Conforms');
      const broken = await conformance(
        [
          'run',
          '--agent',
          'agent.yaml',
          '--cases',
          '80',
          '--seed',
          '1',
          '--jobs',
          '1',
          '--bail',
          '--no-shrink',
          '--suite',
          'termination,orphans',
          '--report',
          'out',
        ],
        newDirectory(agentFile(", '--mutant=sandbox-before-containers'")),
      );
      expect(broken.code).toBe(1);
      expect(broken.out).toContain('FAIL TERM-02');
    },
  );
});

describe('agents that do not even start', () => {
  const file = (command: string): string =>
    `name: broken\ncommand: ${command}\nsources: [file]\nfeatures: []\nreadyTimeoutMs: 1000\n`;

  test.each([
    ['a program that is not there', "['./nowhere', '{{runtime.endpoint}}']", /could not be started/],
    [
      'one that exits at once',
      `['/bin/sh', '-c', 'echo out of tea >&2; exit 3', '{{runtime.endpoint}}']`,
      /out of tea/,
    ],
    ['one that never connects', "['/bin/sleep', '60']", /made no runtime call within 1 s/],
    ['an unknown placeholder', "['/bin/echo', '{{sources.files}}']", /sources\.files/],
  ])('%s', async (_name, command, message) => {
    const ended = await conformance(
      ['run', '--agent', 'agent.yaml', '--cases', '1', '--report', 'out'],
      newDirectory(file(command)),
    );
    expect([64, 69]).toContain(ended.code);
    expect(ended.err).toMatch(message);
  });
});

describe('accidents', () => {
  function startRun(directory: string): ChildProcess {
    return spawn(
      process.execPath,
      [main, 'run', '--agent', 'agent.yaml', '--time', '60s', '--report', 'out'],
      { cwd: directory, stdio: 'ignore' },
    );
  }
  const marker = (directory: string): string => `--state-directory=${directory}`;
  const marked = (directory: string): string => agentFile(`, '${marker(directory)}'`);

  test('SIGKILL leaves no agent behind', { timeout: 60_000 }, async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, 'agent.yaml'), marked(directory));
    const run = startRun(directory);
    expect(await until(() => processesWith(marker(directory)).length > 0, 20_000)).toBe(true);
    run.kill('SIGKILL');
    expect(await until(() => processesWith(marker(directory)).length === 0, 20_000)).toBe(true);
  });

  test(
    'serve answers the very first call of an agent that somebody else starts',
    { timeout: 60_000 },
    async () => {
      const directory = newDirectory();
      const served = spawn(process.execPath, [main, 'serve', '--report', 'out'], { cwd: directory });
      let printed = '';
      served.stdout.on('data', (text) => (printed += String(text)));
      const ended = new Promise((resolve) => served.once('exit', resolve));
      expect(await until(() => printed.includes('unix://'), 20_000)).toBe(true);
      const cri = createCriPort(/unix:\/\/\S+cri\.sock/.exec(printed)![0]);
      const version = await cri.call('Version', {}, { timeoutMs: 5_000 });
      cri.close();
      served.kill('SIGINT');
      await ended;
      expect(version.runtimeApiVersion).toBe('v1');
    },
  );

  test(
    'serve prints the command of the agent file, which a shell can start it with',
    { timeout: 60_000 },
    async () => {
      const directory = newDirectory();
      writeFileSync(join(directory, 'agent.yaml'), marked(directory));
      const words = ['serve', '--agent', 'agent.yaml', '--cases', '1', '--seed', '1', '--report', 'out'];
      const served = spawn(process.execPath, [main, ...words], { cwd: directory });
      let printed = '';
      served.stdout.on('data', (text) => (printed += String(text)));
      const ended = new Promise((resolve) => served.once('exit', resolve));
      expect(await until(() => /agent\.yaml says:\n\n.*\n/.test(printed), 20_000)).toBe(true);
      expect(printed).toMatch(/^ {2}timings {7}\{"/m);
      const line = /agent\.yaml says:\n\n(.*)\n/.exec(printed)![1]!;
      const agent = spawn('/bin/sh', ['-c', line], { detached: true, stdio: 'ignore' });
      const code = await ended;
      process.kill(-agent.pid!, 'SIGKILL');
      expect(code).toBe(0);
      expect(printed).toContain('Conforms');
    },
  );

  test('Ctrl-C reports what was found so far and leaves no agent behind', { timeout: 60_000 }, async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, 'agent.yaml'), marked(directory));
    const run = startRun(directory);
    const ended = new Promise<number | null>((resolve) => run.once('exit', resolve));
    expect(await until(() => processesWith(marker(directory)).length > 0, 20_000)).toBe(true);
    run.kill('SIGINT');
    expect(await ended).toBe(2);
    expect(existsSync(join(directory, 'out/report.json'))).toBe(true);
    expect(await until(() => processesWith(marker(directory)).length === 0, 10_000)).toBe(true);
  });
});

describe('live, real containers', () => {
  test('the reference agent conforms on Docker and leaves nothing behind', { timeout: 240_000 }, async () => {
    const directory = newDirectory();
    const ended = await conformance(
      ['run', '--runtime', 'docker', '--cases', '8', '--seed', '2', '--jobs', '1', '--report', 'out'],
      directory,
    );
    expect(ended.out).toContain('Conforms');
    expect(ended.code).toBe(0);
  });

  test('a case that fails without containers is tried on Docker too', { timeout: 300_000 }, async () => {
    const directory = newDirectory(agentFile(", '--mutant=ignores-removals'"));
    const words = ['--suite', 'mux', '--requirement', 'MUX-03', '--cases', '10', '--seed', '3', '--bail'];
    const bounds = ['--jobs', '2', '--shrink-time', '15s', '--also-on', 'docker', '--report', 'out'];
    const ended = await conformance(['run', '--agent', 'agent.yaml', ...words, ...bounds], directory);
    expect(ended.out).toMatch(/live, docker runtime: failed in [3-5] of 5/);
    expect(ended.code).toBe(1);
    const report = JSON.parse(readFileSync(join(directory, 'out/report.json'), 'utf8')) as {
      verdicts: { findings: { reproduces: { runtime: string; tried: number }[] }[] }[];
    };
    const [finding] = report.verdicts.flatMap(({ findings }) => findings);
    expect(finding!.reproduces.map(({ runtime, tried }) => [runtime, tried])).toEqual([
      ['memory', 5],
      ['docker', 5],
    ]);
  });

  test('and on a CRI runtime', { timeout: 240_000 }, async () => {
    const ended = await conformance(
      [
        'run',
        '--runtime',
        `cri:${testEndpoint}`,
        '--cases',
        '5',
        '--seed',
        '1',
        '--jobs',
        '1',
        '--report',
        'out',
      ],
      newDirectory(),
    );
    expect(ended.out).toContain('Conforms');
    expect(ended.code).toBe(0);
    const runtime = await connectRuntime(testEndpoint);
    const { items } = await runtime.call('ListPodSandbox', {});
    runtime.close();
    const left = items.filter(({ labels }) => {
      const owner = parseOwner(labels[runLabels.owner] ?? '');
      return owner !== undefined && isOwnerDead(owner);
    });
    expect(left).toEqual([]);
  });
});
