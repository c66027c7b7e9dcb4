import { watch, type FSWatcher } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DirectoryEntry, FilePort } from '../../ports/agent.js';

/** Nothing longer is a manifest, in bytes. */
const fileBytesMax = 10 * 1024 * 1024;

/** How long to wait before a directory that cannot be watched is tried again, in milliseconds. */
const watchRetryMs = 1_000;

/** A real manifest directory, for an agent in a process of its own. */
export function createFilePort(path: string): FilePort {
  return {
    path,
    async list() {
      const entries = await readdir(path, { withFileTypes: true });
      const listed = entries.map(async (entry): Promise<DirectoryEntry> => {
        if (entry.isFile()) return { name: entry.name, type: 'file' };
        if (entry.isDirectory()) return { name: entry.name, type: 'directory' };
        const type = entry.isSymbolicLink() ? await typeBehind(join(path, entry.name)) : 'other';
        return { name: entry.name, type };
      });
      return (await Promise.all(listed)).sort((left, right) => (left.name < right.name ? -1 : 1));
    },
    async read(name) {
      const file = join(path, name);
      const { size } = await stat(file);
      if (size > fileBytesMax) {
        throw Object.assign(new Error(`EFBIG: file too large, read '${file}'`), { code: 'EFBIG' });
      }
      return readFile(file, 'utf8');
    },
    watch: (onChange) => watchDirectory(path, onChange),
  };
}

async function typeBehind(link: string): Promise<DirectoryEntry['type']> {
  try {
    const target = await stat(link);
    return target.isFile() ? 'file' : target.isDirectory() ? 'directory' : 'other';
  } catch (error) {
    // A dangling link is nothing yet; what is there and cannot be opened is a manifest that cannot be read.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'other' : 'file';
  }
}

/** Watches, and watches again when the directory goes away or is not there yet. */
function watchDirectory(path: string, onChange: () => void): { close(): void } {
  let watcher: FSWatcher | undefined;
  let retry: NodeJS.Timeout | undefined;
  let isClosed = false;

  const open = (): void => {
    try {
      watcher = watch(path, { persistent: false }, () => {
        if (!isClosed) onChange();
      });
      watcher.on('error', reopen);
    } catch {
      reopen();
    }
  };
  const reopen = (): void => {
    watcher?.close();
    watcher = undefined;
    if (isClosed) return;
    clearTimeout(retry);
    retry = setTimeout(() => {
      open();
      // What changed in between was not seen.
      if (watcher !== undefined) onChange();
    }, watchRetryMs);
    retry.unref();
  };

  open();
  return {
    close() {
      isClosed = true;
      clearTimeout(retry);
      watcher?.close();
    },
  };
}
