import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process that outlives this one to clean up after it. */
export interface Reaper {
  /** From now on there are containers to look for, too, until the returned function is called. */
  watchDocker(): () => void;
  /** The same for the pods in the CRI runtime at this endpoint. */
  watchRuntime(endpoint: string): () => void;
  /** This process ends in good order and has cleaned up itself. */
  dismiss(): void;
}

let reaper: Reaper | undefined;

/**
 * Starts the process that removes what this one leaves behind when it is killed. It waits at a pipe that the
 * system closes however this process ends, so it needs no polling. Every later call gives the same one.
 */
export function ensureReaper(): Reaper {
  reaper ??= startReaper();
  return reaper;
}

function startReaper(): Reaper {
  // From the sources the program is TypeScript, which this Node runs through tsx only.
  const isSource = import.meta.url.endsWith('.ts');
  const program = fileURLToPath(new URL(isSource ? './reaper-main.ts' : './reaper-main.js', import.meta.url));
  const loader = isSource ? ['--import', import.meta.resolve('tsx')] : [];
  const child: ChildProcess = spawn(process.execPath, [...loader, program], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  // Without a reaper the next start sweeps, so that it cannot be started is no reason to fail.
  child.on('error', () => {});
  child.stdin!.on('error', () => {});
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  const watch = (what: string): (() => void) => {
    child.stdin!.write(`${what}\n`);
    return () => void child.stdin!.write(`closed ${what}\n`);
  };
  return {
    watchDocker: () => watch('docker'),
    watchRuntime: (endpoint) => watch(`cri:${endpoint}`),
    dismiss() {
      child.stdin!.end('done\n');
      reaper = undefined;
    },
  };
}
