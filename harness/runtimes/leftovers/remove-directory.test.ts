import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { removeDirectory } from './remove-directory.js';

const volumeName = 'volume of an agent';
let parent: string;
let directory: string;
/** What belongs to somebody else, and is mounted in the directory. */
let foreign: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'nac-mounts-'));
  [directory, foreign] = [join(parent, 'run'), join(parent, 'foreign')];
  for (const each of [directory, foreign]) mkdirSync(each);
  writeFileSync(join(foreign, 'file'), 'content');
});
afterEach(() => {
  // A test that failed must not cost others what is theirs.
  const volume = join(directory, volumeName);
  while (existsSync(volume) && spawnSync('umount', ['-l', volume]).status === 0);
  rmSync(parent, { recursive: true, force: true });
});

test('one that is a link, or not there, leaves nothing and harms nothing', async () => {
  const link = join(parent, 'link');
  symlinkSync(foreign, link);
  for (const path of [link, join(parent, 'nothing'), join(parent, 'nothing/below')])
    await removeDirectory(path);
  expect(readdirSync(parent).sort()).toEqual(['foreign', 'run']);
  expect(readdirSync(foreign)).toEqual(['file']);
});

describe.skipIf(process.getuid?.() !== 0)('with mounts in it (as root)', () => {
  function mountForeign(): string {
    const volume = join(directory, volumeName);
    mkdirSync(volume);
    execFileSync('mount', ['--bind', foreign, volume]);
    return volume;
  }

  test('what an agent has mounted does not keep it', async () => {
    const root = join(directory, 'root of an agent');
    const volume = join(root, 'volume');
    mkdirSync(root);
    execFileSync('mount', ['--bind', root, root]);
    mkdirSync(volume);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume]);
    writeFileSync(join(volume, 'file'), 'content');
    await removeDirectory(directory);
    expect(existsSync(directory)).toBe(false);
  });

  test('mounts are found where the path to it has a link', async () => {
    mountForeign();
    const link = join(parent, 'link');
    symlinkSync(parent, link);
    await removeDirectory(join(link, 'run'));
    expect(existsSync(directory)).toBe(false);
    expect(readdirSync(foreign)).toEqual(['file']);
  });

  test('one mount over another goes too', async () => {
    const volume = mountForeign();
    execFileSync('mount', ['--bind', foreign, volume]);
    await removeDirectory(directory);
    expect(existsSync(directory)).toBe(false);
    expect(readdirSync(foreign)).toEqual(['file']);
  });

  test('what cannot be unmounted is left as it is, with all around it, and that is said', async () => {
    const volume = mountForeign();
    const warned = once(process, 'warning');
    // Without a program for it.
    vi.stubEnv('PATH', join(parent, 'nowhere'));
    try {
      await expect(removeDirectory(directory)).rejects.toThrow(volumeName);
      expect(await warned).toMatchObject([{ message: expect.stringContaining(volume) as string }]);
    } finally {
      vi.unstubAllEnvs();
    }
    execFileSync('umount', [volume]);
    expect(readdirSync(foreign)).toEqual(['file']);
    expect(existsSync(volume)).toBe(true);
  });
});
