import { createHash } from 'node:crypto';
import { accessSync, constants, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExitCode, HarnessError } from '../../core/errors.js';
import { packageRoot } from '../../core/package-root.js';
import type { DockerEngine } from './docker-engine.js';
import { engineMessage, engineStatus, labels } from './docker-engine.js';

/** Where distributions put a busybox that is linked statically. */
const busyboxPaths = ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox.static', '/usr/bin/busybox-static'];

const repository = 'node-agent-conformance/workload';

/**
 * The image that every container runs, by its name in the engine. It is built when the engine has none of
 * this content, from a scratch base around the machine's static busybox, so that no registry is needed.
 */
export async function ensureWorkloadImage(
  engine: DockerEngine,
  candidates: readonly string[] = busyboxPaths,
): Promise<string> {
  const busybox = findBusybox(candidates);
  const sources = join(packageRoot(), 'fixtures', 'workload');
  const hash = createHash('sha256');
  const files = [join(sources, 'Dockerfile'), join(sources, 'workload.sh'), busybox];
  for (const file of files) hash.update(readFileSync(file));
  const name = `${repository}:${hash.digest('hex').slice(0, 16)}`;
  if (!(await hasImage(engine, name))) await build(engine, { name, sources, busybox });
  return name;
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

async function hasImage(engine: DockerEngine, name: string): Promise<boolean> {
  try {
    await engine.container.dockerode.getImage(name).inspect();
    return true;
  } catch (error) {
    if (engineStatus(error) === 404) return false;
    throw error;
  }
}

async function build(
  engine: DockerEngine,
  image: { readonly name: string; readonly sources: string; readonly busybox: string },
): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'nac-image-'));
  let cause: unknown;
  try {
    cpSync(image.sources, context, { recursive: true });
    cpSync(image.busybox, join(context, 'busybox'), { dereference: true });
    await engine.image.build(context, {
      t: image.name,
      dockerfile: 'Dockerfile',
      rm: true,
      forcerm: true,
      networkmode: 'none',
      labels: { [labels.kind]: 'workload-image' },
    });
  } catch (error) {
    cause = error;
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  // The library does not tell a failed build from a good one; the image does.
  if (await hasImage(engine, image.name)) return;
  throw new HarnessError({
    code: 'workload-image-failed',
    message: `Docker could not build the workload image ${image.name}.`,
    exitCode: ExitCode.unavailable,
    got: cause === undefined ? undefined : engineMessage(cause),
    hint: `To see why: cp ${image.busybox} into a copy of ${image.sources} and run "docker build" there.`,
    cause,
  });
}
