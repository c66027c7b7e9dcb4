import { readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Owner } from './owner.js';
import { currentOwner, isOwnerDead, parseOwner } from './owner.js';
import { removeDirectory } from './remove-directory.js';
import { endMarkedGroups, endProcessGroups } from './process-groups.js';

/** Directories of runs, as `run/run-directory.ts` names them; the file `owner` in each says whose it is. */
const runDirectoryPrefix = 'conformance-run-';

/** How deep below a run directory the lists of agent processes are. */
const pidFileDepthMax = 3;
const pidFileName = 'agent.pids';

export interface SweepOptions {
  /** Also containers; loads testcontainers. Without a Docker that answers, there are none to remove. */
  readonly docker: boolean;
  /** Also pods in the CRI runtimes at these endpoints; loads grpc-js. */
  readonly runtimes?: readonly string[];
  /** Where run directories are; default the system's. */
  readonly temporaryDirectory?: string;
}

export interface Swept {
  readonly directories: number;
  readonly processGroups: number;
  readonly containers: number;
  readonly pods: number;
}

/**
 * Removes what harness processes that no longer exist left behind: agents, run directories with their sockets,
 * containers. What belongs to a living one, or does not say whose it is, is not touched.
 */
export async function sweepLeftovers(options: SweepOptions): Promise<Swept> {
  const root = options.temporaryDirectory ?? tmpdir();
  let directories = 0;
  let processGroups = 0;
  for (const name of namesIn(root)) {
    if (!name.startsWith(runDirectoryPrefix)) continue;
    const directory = join(root, name);
    const owner = readOwner(directory);
    if (owner === undefined || !isOwnerDead(owner)) continue;
    try {
      for (const file of findPidFiles(directory, pidFileDepthMax))
        processGroups += endProcessGroups(file, directory);
      processGroups += endMarkedGroups(directory);
      await removeDirectory(directory);
      directories++;
    } catch {
      // Another start sweeps the same directory at the same time, or it is another user's.
    }
  }
  const containers = options.docker ? await sweepDocker() : 0;
  let pods = 0;
  for (const endpoint of options.runtimes ?? []) pods += await sweepRuntime(endpoint);
  return { directories, processGroups, containers, pods };
}

/** Without the directory there is nothing to sweep; who needs it says so. */
function namesIn(root: string): string[] {
  try {
    return readdirSync(root);
  } catch {
    return [];
  }
}

function readOwner(directory: string): Owner | undefined {
  try {
    const text = readFileSync(join(directory, 'owner'), 'utf8').trim();
    // A bare number is the process id alone; then only the number can tell whether it still exists.
    return /^\d+$/.test(text)
      ? { ...currentOwner(), pid: Number(text), startedAt: '', host: hostname() }
      : parseOwner(text);
  } catch {
    return undefined;
  }
}

function findPidFiles(directory: string, depth: number): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isFile() && entry.name === pidFileName && statSync(path).uid === process.getuid?.())
      found.push(path);
    else if (entry.isDirectory() && depth > 1) found.push(...findPidFiles(path, depth - 1));
  }
  return found;
}

async function sweepDocker(): Promise<number> {
  const { connectDocker } = await import('../docker/docker-engine.js');
  const { sweepContainers } = await import('../docker/sweep.js');
  try {
    return await sweepContainers(await connectDocker());
  } catch {
    // Without Docker nothing can be removed there; the next start with it tries again.
    return 0;
  }
}

async function sweepRuntime(endpoint: string): Promise<number> {
  const { connectRuntime } = await import('../cri/cri-runtime.js');
  const { sweepPods } = await import('../cri/sweep.js');
  try {
    const runtime = await connectRuntime(endpoint);
    try {
      return await sweepPods(runtime);
    } finally {
      runtime.close();
    }
  } catch {
    // As without Docker.
    return 0;
  }
}
