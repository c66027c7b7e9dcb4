import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { currentOwner, formatOwner, isOwnerDead, parseOwner } from './owner.js';
import { sweepLeftovers } from './sweep-leftovers.js';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'nac-leftovers-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The id of a process that has ended. */
const deadPid = (): number => spawnSync(process.execPath, ['-e', '0']).pid;
const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const makeRun = (name: string, owner: string): string => {
  const directory = join(root, `conformance-run-${name}`);
  mkdirSync(join(directory, 'state'), { recursive: true });
  writeFileSync(join(directory, 'owner'), `${owner}\n`);
  return directory;
};
const startAgent = () => spawn('/bin/sh', ['-c', 'sleep 60 & wait'], { detached: true, stdio: 'ignore' });

test('an owner is dead when its process is gone, was started anew or belongs to an earlier boot', () => {
  const own = currentOwner();
  expect(parseOwner(formatOwner(own))).toEqual(own);
  expect(isOwnerDead(own)).toBe(false);
  expect(isOwnerDead({ ...own, pid: deadPid() })).toBe(true);
  expect(isOwnerDead({ ...own, startedAt: '1' })).toBe(true);
  expect(isOwnerDead({ ...own, bootId: 'another' })).toBe(true);
  expect(isOwnerDead({ ...own, host: 'another', pid: deadPid() })).toBe(false);
  expect(parseOwner('x/1/b/h')).toBeUndefined();
  expect(parseOwner('')).toBeUndefined();
});

test('an owner in another PID namespace cannot be judged, unless its boot is over', () => {
  const elsewhere = { ...currentOwner(), pidNamespace: '1', pid: deadPid() };
  expect(isOwnerDead(elsewhere)).toBe(false);
  expect(isOwnerDead({ ...elsewhere, bootId: 'another' })).toBe(true);
  // Earlier versions did not say in which they were.
  const { pid, startedAt, bootId, host } = elsewhere;
  const early = parseOwner([pid, startedAt, bootId, host].join('/'))!;
  expect(early.pidNamespace).toBe('');
  expect(isOwnerDead(early)).toBe(true);
});

const mayUnshare =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' }).status === 0;

test.skipIf(!mayUnshare)(
  'harnesses in two PID namespaces of one machine leave each other’s runs alone (as root)',
  { timeout: 30_000 },
  async () => {
    const own = makeRun('own', formatOwner(currentOwner()));
    const theirs = join(root, 'conformance-run-theirs');
    const moduleOf = (name: string): string => new URL(`./${name}.ts`, import.meta.url).href;
    const script = `
      import { mkdirSync, writeFileSync } from 'node:fs';
      import { currentOwner, formatOwner } from '${moduleOf('owner')}';
      import { sweepLeftovers } from '${moduleOf('sweep-leftovers')}';
      mkdirSync('${theirs}');
      writeFileSync('${theirs}/owner', formatOwner(currentOwner()));
      await sweepLeftovers({ docker: false, temporaryDirectory: '${root}' });
      console.log('swept');
      process.stdin.resume();`;
    const node = [
      process.execPath,
      '--import',
      import.meta.resolve('tsx'),
      '--input-type=module',
      '-e',
      script,
    ];
    const other = spawn('unshare', ['--pid', '--fork', '--mount-proc', ...node], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => other.once('exit', resolve));
    try {
      await new Promise((resolve) => other.stdout.once('data', resolve));
      await sweepLeftovers({ docker: false, temporaryDirectory: root });
      expect([own, theirs].map(existsSync)).toEqual([true, true]);
    } finally {
      other.stdin.end();
      await ended;
    }
  },
);

test('directories and agents of dead owners go; those of living ones, and foreign ones, stay', async () => {
  const dead = makeRun('dead', formatOwner({ ...currentOwner(), pid: deadPid() }));
  const deadShort = makeRun('short', String(deadPid()));
  const alive = makeRun('alive', formatOwner(currentOwner()));
  const nameless = join(root, 'conformance-run-nameless');
  const foreign = join(root, 'foreign');
  for (const directory of [nameless, foreign]) mkdirSync(directory);
  const [orphan, kept] = [startAgent(), startAgent()];
  const ended = new Promise((resolve) => orphan.once('exit', (_code, signal) => resolve(signal)));
  appendFileSync(join(dead, 'state', 'agent.pids'), `${orphan.pid}\n`);
  appendFileSync(join(alive, 'state', 'agent.pids'), `${kept.pid}\n`);

  const swept = await sweepLeftovers({ docker: false, temporaryDirectory: root });
  expect(swept).toEqual({ directories: 2, processGroups: 1, containers: 0, pods: 0 });
  expect(await ended).toBe('SIGKILL');
  expect([dead, deadShort].some(existsSync)).toBe(false);
  expect([alive, nameless, foreign].every(existsSync)).toBe(true);
  expect(exists(kept.pid!)).toBe(true);
  process.kill(-kept.pid!, 'SIGKILL');
});

test('a process id that was handed out again is not killed', async () => {
  const dead = makeRun('reused', String(deadPid()));
  const file = join(dead, 'state', 'agent.pids');
  const stranger = startAgent();
  appendFileSync(file, `${stranger.pid}\n`);
  spawnSync('touch', ['-d', '1 hour ago', file]);
  const swept = await sweepLeftovers({ docker: false, temporaryDirectory: root });
  expect(swept).toMatchObject({ directories: 1, processGroups: 0 });
  expect(exists(stranger.pid!)).toBe(true);
  process.kill(-stranger.pid!, 'SIGKILL');
});

test('the reaper cleans up after a harness that was killed, and does nothing once dismissed', async () => {
  const reaperModule = new URL('./reaper.ts', import.meta.url).href;
  const script = (ending: string): string => `
    import { ensureReaper } from '${reaperModule}';
    const reaper = ensureReaper();
    ${ending}`;
  const runHarness = (ending: string) => {
    const child = spawn(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script(ending)],
      { env: { ...process.env, TMPDIR: root }, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    return { pid: child.pid!, ended: new Promise((resolve) => child.once('exit', resolve)) };
  };
  // It ends by itself: neither the reaper nor its pipe keeps a harness from ending.
  const polite = runHarness('reaper.dismiss();');
  const kept = makeRun('polite', String(polite.pid));
  await polite.ended;

  const killed = runHarness(
    'setInterval(() => {}, 1000); setTimeout(() => process.kill(process.pid, "SIGKILL"), 300);',
  );
  const lost = makeRun('killed', String(killed.pid));
  // Dismissed reapers leave this one alone; the one of the killed harness removes both.
  expect(existsSync(kept)).toBe(true);
  await killed.ended;
  await expect.poll(() => existsSync(lost), { timeout: 15_000 }).toBe(false);
});
