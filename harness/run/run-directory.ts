import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExitCode, HarnessError } from '../core/errors.js';
import { currentOwner, formatOwner } from '../runtimes/leftovers/owner.js';
import { removeDirectory } from '../runtimes/leftovers/remove-directory.js';

/** Directories of runs begin so; the sweep looks for nothing else. */
export const runDirectoryPrefix = 'conformance-run-';

/** The system's limit, without the closing zero. */
const socketPathMax = 107;
/** Of the sockets of a run, the one whose path is the longest. */
const deepestSocket = 'source-feed/feed.sock';

/**
 * Gives `work` an own directory that only its owner can read, and removes it afterwards. The file `owner` in it
 * names this process, so that the next start can tell what a killed one left behind.
 */
export async function withRunDirectory<Result>(
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  checkSocketPaths();
  const directory = await mkdtemp(join(tmpdir(), runDirectoryPrefix)).catch((error: unknown) => {
    throw temporaryUnusable(error);
  });
  try {
    await writeFile(join(directory, 'owner'), `${formatOwner(currentOwner())}\n`);
    return await work(directory);
  } finally {
    try {
      await removeDirectory(directory);
    } catch {
      // What cannot be removed says nothing about the agent's conformance; the next start tries again.
    }
  }
}

/** The agent's own directory in that of its run. */
export function stateDirectoryIn(directory: string): string {
  return join(directory, 'agent');
}

/** Before anything is made: sockets whose path is too long are made under another name, or not at all. */
function checkSocketPaths(): void {
  const length = Buffer.byteLength(join(tmpdir(), `${runDirectoryPrefix}XXXXXX`, deepestSocket));
  if (length <= socketPathMax) return;
  throw new HarnessError({
    code: 'temporary-directory-too-long',
    message: 'The path of the temporary directory is too long for the sockets of a run.',
    exitCode: ExitCode.unavailable,
    file: tmpdir(),
    path: 'TMPDIR',
    expected: `at most ${socketPathMax} bytes for the path of a socket`,
    got: `${length} bytes, of which ${Buffer.byteLength(tmpdir())} are the directory`,
    hint: 'Set TMPDIR to a short directory that you can write, for example /tmp.',
  });
}

function temporaryUnusable(cause: unknown): HarnessError {
  return new HarnessError({
    code: 'temporary-directory-unusable',
    message: 'There is no room for the files of a run.',
    exitCode: ExitCode.unavailable,
    file: tmpdir(),
    path: 'TMPDIR',
    expected: 'a directory that can be written',
    got: cause instanceof Error ? cause.message : String(cause),
    hint: 'Set TMPDIR to a directory that you can write.',
    cause,
  });
}
