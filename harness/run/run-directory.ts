import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentOwner, formatOwner } from '../runtimes/leftovers/owner.js';

/** Directories of runs begin so; the sweep looks for nothing else. */
export const runDirectoryPrefix = 'conformance-run-';

/**
 * Gives `work` an own directory that only its owner can read, and removes it afterwards. The file `owner` in it
 * names this process, so that the next start can tell what a killed one left behind.
 */
export async function withRunDirectory<Result>(
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), runDirectoryPrefix));
  try {
    await writeFile(join(directory, 'owner'), `${formatOwner(currentOwner())}\n`);
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
