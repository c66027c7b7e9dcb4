import { execFile } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ExitCode, HarnessError } from '../../core/errors.js';
import { workloadFiles, workloadRepository, type WorkloadFiles } from '../workload-files.js';
import { messageOf } from './cri-failures.js';
import type { CriRuntime } from './cri-runtime.js';
import { workloadArchive } from './workload-archive.js';

const importTimeoutMs = 60_000;
/** A runtime may learn of an image only some moments after its tool has loaded it. */
const noticedWithinMs = 5_000;
const lookEveryMs = 50;

/**
 * The name of the workload image in the runtime, which has it when this resolves. The CRI has no call that loads an
 * image, so it takes a tool of the runtime's own: containerd's comes with it; for others the message says what to do.
 */
export async function ensureWorkload(runtime: CriRuntime): Promise<string> {
  const files = workloadFiles();
  const name = imageName(files);
  if (await hasImage(runtime, name)) return name;
  const path = join(tmpdir(), `conformance-workload-${files.version}.tar`);
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, await workloadArchive(files, name));
  renameSync(unfinished, path);
  if (!loadsWorkload(runtime)) throw imageMissing(runtime, path, undefined);
  try {
    const [program, ...words] = loadCommand(runtime, path);
    await promisify(execFile)(program!, words, { timeout: importTimeoutMs });
    if (!(await isNoticed(runtime, name))) throw new Error('it was loaded, and the runtime does not list it');
  } catch (error) {
    throw imageMissing(runtime, path, error);
  }
  rmSync(path, { force: true });
  return name;
}

/** Whether a run would find it there. Rejects when there is nothing on this machine to make it of. */
export async function hasWorkload(runtime: CriRuntime): Promise<boolean> {
  return hasImage(runtime, imageName(workloadFiles()));
}

/** How containers ask for it: some runtimes refuse an image of which they are not told that the user named it. */
export function askedImage(name: string): { image: string; userSpecifiedImage: string } {
  return { image: name, userSpecifiedImage: name };
}

/** In full, since not all runtimes take a short name for one of docker.io. */
function imageName(files: WorkloadFiles): string {
  return `docker.io/${workloadRepository}:${files.version}`;
}

/** Whether the suite knows how to load the image by itself. */
export function loadsWorkload(runtime: CriRuntime): boolean {
  return runtime.name === 'containerd';
}

/** What loads an archive into the store of a runtime, as its people would type it. */
function loadCommand(runtime: CriRuntime, path: string): string[] {
  switch (runtime.name) {
    case 'containerd': {
      const socket = runtime.endpoint.slice('unix://'.length);
      return ['ctr', '--address', socket, '--namespace', 'k8s.io', 'images', 'import', path];
    }
    case 'cri-o':
      return ['podman', 'load', '--input', path];
    case 'pouch':
      return ['pouch', 'load', '--input', path];
    default:
      return ['docker', 'load', '--input', path];
  }
}

async function hasImage(runtime: CriRuntime, name: string): Promise<boolean> {
  const { image } = await runtime.call('ImageStatus', { image: { image: name } });
  return image !== undefined;
}

async function isNoticed(runtime: CriRuntime, name: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < noticedWithinMs; waitedMs += lookEveryMs) {
    if (await hasImage(runtime, name)) return true;
    await delay(lookEveryMs);
  }
  return false;
}

function imageMissing(runtime: CriRuntime, path: string, cause: unknown): HarnessError {
  const command = loadCommand(runtime, path).join(' ');
  return new HarnessError({
    code: 'workload-image-missing',
    message: `The runtime ${runtime.name} at ${runtime.endpoint} has no workload image.`,
    exitCode: ExitCode.unavailable,
    file: path,
    expected: 'the image in this archive, in the store that the runtime takes images from',
    got: cause === undefined ? undefined : messageOf(cause),
    hint: `Load it and repeat the run: \`${command}\`, or whatever loads an archive of \`docker save\` into ${runtime.name}.`,
    cause,
  });
}
