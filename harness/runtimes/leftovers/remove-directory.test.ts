import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeDirectory } from './remove-directory.js';

test.skipIf(process.getuid?.() !== 0)(
  'what an agent has mounted in the directory does not keep it (as root)',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'nac-mounts-'));
    const root = join(directory, 'root of an agent');
    const volume = join(root, 'volume');
    mkdirSync(root);
    execFileSync('mount', ['--bind', root, root]);
    mkdirSync(volume);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume]);
    writeFileSync(join(volume, 'file'), 'content');
    removeDirectory(directory);
    expect(existsSync(directory)).toBe(false);
  },
);
