import { execFile } from 'node:child_process';
import { readFile, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const umountTimeoutMs = 5_000;

/**
 * Removes a directory of a run with all that is in it. Agents may mount things there (a kubelet mounts the volumes of
 * pods, and its own root), so what is mounted below is unmounted first. Rejects when something cannot be removed.
 * While something is mounted there nothing is removed: it may be a directory of somebody else.
 */
export async function removeDirectory(directory: string): Promise<void> {
  const path = await resolveParent(directory);
  if (path === undefined) return;
  for (const mount of await mountsBelow(path)) await unmount(mount);
  const [left] = await mountsBelow(path);
  if (left !== undefined) {
    const words = `${left} is mounted and cannot be unmounted, so ${path} is left as it is.`;
    // Whoever removes directories of runs goes on where it cannot be done.
    process.emitWarning(words);
    throw new Error(words);
  }
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Who wants to know whether it worked looks at the table of mounts. */
async function unmount(path: string): Promise<void> {
  await promisify(execFile)('umount', ['-l', path], { timeout: umountTimeoutMs }).catch(() => {});
}

/**
 * As the table of mounts calls it, where no path has links. A directory that is itself a link is nothing that a run
 * made: the link alone is removed. Undefined when there is no such place.
 */
async function resolveParent(directory: string): Promise<string | undefined> {
  try {
    return join(await realpath(dirname(directory)), basename(directory));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What is mounted on the directory and below, deepest first; nothing where the system does not tell. */
async function mountsBelow(directory: string): Promise<string[]> {
  let table: string;
  try {
    table = await readFile('/proc/self/mounts', 'utf8');
  } catch {
    return [];
  }
  return table
    .split('\n')
    .map((line) => unescapeMount(line.split(' ')[1] ?? ''))
    .filter((path) => path === directory || path.startsWith(`${directory}/`))
    .sort((left, right) => right.length - left.length);
}

/** The table writes blanks and the like as `\040`. */
function unescapeMount(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
