import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExitCode, HarnessError } from '../../core/errors.js';
import { runLabels } from '../run-labels.js';
import { workloadFiles, workloadRepository, type WorkloadFiles } from '../workload-files.js';
import type { DockerEngine } from './docker-engine.js';
import { engineMessage, engineStatus } from './docker-engine.js';

/**
 * The image that every container runs, by its name in the engine. It is built when the engine has none of
 * this content, from a scratch base around the machine's static busybox, so that no registry is needed.
 */
export async function ensureWorkloadImage(
  engine: DockerEngine,
  candidates?: readonly string[],
): Promise<string> {
  const files = workloadFiles(candidates);
  const name = `${workloadRepository}:${files.version}`;
  if (!(await hasImage(engine, name))) await build(engine, name, files);
  return name;
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

async function build(engine: DockerEngine, name: string, files: WorkloadFiles): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'nac-image-'));
  let cause: unknown;
  try {
    cpSync(files.directory, context, { recursive: true });
    cpSync(files.busybox, join(context, 'busybox'), { dereference: true });
    const { dockerode } = engine.container;
    const output = await dockerode.buildImage(
      { context, src: readdirSync(context) },
      {
        t: name,
        dockerfile: 'Dockerfile',
        rm: true,
        forcerm: true,
        networkmode: 'none',
        labels: { [runLabels.kind]: 'workload-image' },
      },
    );
    // What fails in the build is in its output; the image tells whether it is there.
    await new Promise<void>((resolve, reject) =>
      dockerode.modem.followProgress(output, (error: Error | null, lines: readonly { error?: string }[]) => {
        cause = lines.find((line) => line.error !== undefined)?.error;
        if (error === null) resolve();
        else reject(error);
      }),
    );
  } catch (error) {
    cause = error;
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  if (await hasImage(engine, name)) return;
  throw new HarnessError({
    code: 'workload-image-failed',
    message: `Docker could not build the workload image ${name}.`,
    exitCode: ExitCode.unavailable,
    got: cause === undefined ? undefined : engineMessage(cause),
    hint: `To see why: cp ${files.busybox} into a copy of ${files.directory} and run "docker build" there.`,
    cause,
  });
}
