import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { arch } from 'node:process';
import { pack, type Pack } from 'tar-stream';
import type { WorkloadFiles } from '../workload-files.js';

/** The words of images for what Node calls otherwise; the rest have one name. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** The same content gives the same bytes, whenever it is packed. */
const packedAt = new Date(0);

/**
 * The workload image under this name as an archive in the format of `docker save`, which the tools of all
 * runtimes can load. What is in it is what fixtures/workload/Dockerfile makes.
 */
export async function workloadArchive(files: WorkloadFiles, name: string): Promise<Buffer> {
  const layer = await archive((entries) => addFiles(entries, files));
  const config = JSON.stringify({
    architecture: architectures[arch] ?? arch,
    os: 'linux',
    created: packedAt.toISOString(),
    config: { Entrypoint: ['/workload'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
  });
  const configName = `${sha256(config)}.json`;
  const manifest = JSON.stringify([{ Config: configName, RepoTags: [name], Layers: ['layer.tar'] }]);
  return archive((entries) => {
    addFile(entries, 'layer.tar', layer);
    addFile(entries, configName, config);
    addFile(entries, 'manifest.json', manifest);
  });
}

function addFiles(entries: Pack, files: WorkloadFiles): void {
  const directory = { type: 'directory', mode: 0o755, mtime: packedAt } as const;
  for (const name of ['bin/', 'dev/', 'etc/', 'proc/', 'sys/']) entries.entry({ ...directory, name });
  addFile(entries, 'bin/busybox', readFileSync(files.busybox), 0o755);
  for (const name of commandsOf(files.busybox))
    entries.entry({ type: 'symlink', name: `bin/${name}`, linkname: '/bin/busybox', mtime: packedAt });
  addFile(entries, 'workload', readFileSync(files.script), 0o755);
}

function addFile(entries: Pack, name: string, content: Buffer | string, mode = 0o644): void {
  entries.entry({ name, mode, mtime: packedAt }, content);
}

function commandsOf(busybox: string): string[] {
  const words = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n');
  return words.filter((word) => word !== '' && word !== 'busybox');
}

async function archive(fill: (entries: Pack) => void): Promise<Buffer> {
  const entries = pack();
  fill(entries);
  entries.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of entries) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
