import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';

const umountTimeoutMs = 5_000;

/**
 * Removes a directory of a run with all that is in it. Agents may mount things there (a kubelet mounts the volumes of
 * pods, and its own root), so what is mounted below is unmounted first. Throws when something cannot be removed.
 */
export function removeDirectory(directory: string): void {
  for (const mount of mountsBelow(directory))
    spawnSync('umount', ['-l', mount], { timeout: umountTimeoutMs });
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

/** What is mounted below the directory, deepest first; nothing where the system does not tell. */
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
    .filter((path) => path.startsWith(`${directory}/`))
    .sort((left, right) => right.length - left.length);
}

/** The table writes blanks and the like as `\040`. */
function unescapeMount(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
