import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFilePort } from './file-port.js';

let parent: string;
let directory: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'conformance-port-'));
  directory = join(parent, 'manifests');
});
afterEach(() => rmSync(parent, { recursive: true }));

describe('createFilePort', () => {
  it('follows symbolic links, and says `other` of dangling ones', async () => {
    mkdirSync(join(directory, 'real.d'), { recursive: true });
    writeFileSync(join(parent, 'target'), 'text');
    symlinkSync(join(parent, 'target'), join(directory, 'to-file'));
    symlinkSync(join(directory, 'real.d'), join(directory, 'to-directory'));
    symlinkSync(join(parent, 'missing'), join(directory, 'to-nothing'));
    const port = createFilePort(directory);
    expect(await port.list()).toEqual([
      { name: 'real.d', type: 'directory' },
      { name: 'to-directory', type: 'directory' },
      { name: 'to-file', type: 'file' },
      { name: 'to-nothing', type: 'other' },
    ]);
    expect(await port.read('to-file')).toBe('text');
    await expect(port.read('to-nothing')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses what is too long to be a manifest', async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, 'long.yaml'), '');
    truncateSync(join(directory, 'long.yaml'), 10 * 1024 * 1024 + 1);
    await expect(createFilePort(directory).read('long.yaml')).rejects.toMatchObject({ code: 'EFBIG' });
  });

  it('watches a directory that comes later', async () => {
    const port = createFilePort(directory);
    await expect(port.list()).rejects.toMatchObject({ code: 'ENOENT' });
    let calls = 0;
    const watch = port.watch(() => calls++);
    mkdirSync(directory);
    await vi.waitFor(() => expect(calls).toBe(1), { timeout: 5_000 });
    writeFileSync(join(directory, 'a.yaml'), '');
    await vi.waitFor(() => expect(calls).toBeGreaterThan(1), { timeout: 5_000 });
    watch.close();
  });
});
