import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExitCode, HarnessError } from '../core/errors.js';
import { packageRoot } from '../core/package-root.js';

/** What the image of every container is made of. */
export interface WorkloadFiles {
  /** The directory with the script and the Dockerfile. */
  readonly directory: string;
  readonly script: string;
  /** A busybox that needs no other file. */
  readonly busybox: string;
  /** Differs whenever the content does: the tag of the image. */
  readonly version: string;
}

export const workloadRepository = 'node-agent-conformance/workload';

/** Where distributions put a busybox that is linked statically. */
const busyboxPaths = ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox.static', '/usr/bin/busybox-static'];

/** Finds them on this machine. Throws a HarnessError that says what to install when there is no such busybox. */
export function workloadFiles(candidates: readonly string[] = busyboxPaths): WorkloadFiles {
  const busybox = findBusybox(candidates);
  const directory = join(packageRoot(), 'fixtures', 'workload');
  const script = join(directory, 'workload.sh');
  const hash = createHash('sha256');
  for (const file of [join(directory, 'Dockerfile'), script, busybox]) hash.update(readFileSync(file));
  return { directory, script, busybox, version: hash.digest('hex').slice(0, 16) };
}

function findBusybox(candidates: readonly string[]): string {
  const found = candidates.find((path) => isExecutable(path) && isStatic(path));
  if (found !== undefined) return found;
  throw new HarnessError({
    code: 'busybox-missing',
    message: 'There is no static busybox to build the workload image around.',
    exitCode: ExitCode.unavailable,
    expected: `a statically linked busybox at one of ${candidates.join(', ')}`,
    hint: 'Install it (Debian, Ubuntu: apt-get install busybox-static; Alpine: apk add busybox-static), or use --runtime memory.',
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A program that needs a dynamic loader names it in its headers; in an image without one it would not start. */
function isStatic(path: string): boolean {
  const head = readFileSync(path).subarray(0, 4096).toString('latin1');
  return head.startsWith('\x7fELF') && !/\/ld-(linux|musl)/.test(head);
}
