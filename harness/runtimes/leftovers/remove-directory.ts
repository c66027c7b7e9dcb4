import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const umountTimeoutMs = 5_000;

/**
 * Removes a directory of a run with all that is in it. Agents may mount things there (a kubelet mounts the volumes of
 * pods, and its own root), so what is mounted below is unmounted first. Throws when something cannot be removed.
 * While something is mounted there nothing is removed: it may be a directory of somebody else.
 */
export function removeDirectory(directory: string): void {
  const path = resolveParent(directory);
  if (path === undefined) return;
  for (const mount of mountsBelow(path)) spawnSync('umount', ['-l', mount], { timeout: umountTimeoutMs });
  const [left] = mountsBelow(path);
  if (left !== undefined) {
    const words = `${left} is mounted and cannot be unmounted, so ${path} is left as it is.`;
    // Whoever removes directories of runs goes on where it cannot be done.
    process.emitWarning(words);
    throw new Error(words);
  }
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * As the table of mounts calls it, where no path has links. A directory that is itself a link is nothing that a run
 * made: the link alone is removed. Undefined when there is no such place.
 */
function resolveParent(directory: string): string | undefined {
  try {
    return join(realpathSync(dirname(directory)), basename(directory));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What is mounted on the directory and below, deepest first; nothing where the system does not tell. */
function mountsBelow(directory: string): string[] {
  let table: string;
  try {
    table = readFileSync('/proc/self/mounts', 'utf8');
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
