import type { CriResult } from '../../ports/cri.js';
import type { DockerContainerHandle } from './docker-engine.js';

/** Output kept of one command, of each stream: what the CRI's messages can carry is not much more. */
const outputBytesMax = 4 * 1024 * 1024;

/** Without a timeout of the caller's: no command runs for ever. */
const execTimeoutMsMax = 3_600_000;

/** Runs a command in a running container and collects what it writes. `timeoutS` 0: as long as it takes. */
export async function execSync(
  handle: DockerContainerHandle,
  command: readonly string[],
  timeoutS: number,
): Promise<CriResult> {
  const exec = await handle.exec({
    // The engine cannot end a command, so the image's own program does.
    Cmd: timeoutS > 0 ? ['/bin/timeout', '-s', 'KILL', String(timeoutS), ...command] : [...command],
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: true, stdin: false });
  const output = collectOutput();
  const timeoutMs = timeoutS > 0 ? timeoutS * 1_000 : execTimeoutMsMax;
  const timeout = new Promise<'late'>((resolve) => {
    const timer = setTimeout(() => resolve('late'), timeoutMs);
    const done = (): void => clearTimeout(timer);
    stream.once('close', done);
    stream.once('end', done);
  });
  const whole = new Promise<'whole'>((resolve, reject) => {
    stream.on('data', output.add);
    stream.once('end', () => resolve('whole'));
    stream.once('close', () => resolve('whole'));
    stream.once('error', reject);
  });
  if ((await Promise.race([whole, timeout])) === 'late') {
    stream.destroy();
    return {
      code: 'DEADLINE_EXCEEDED',
      message: `command ${JSON.stringify(command)} timed out after ${timeoutS} s`,
    };
  }
  const { ExitCode: exitCode } = await exec.inspect();
  return { code: 'OK', response: { ...output.streams(), exitCode: exitCode ?? 137 } };
}

/** Takes apart Docker's frames: a byte that says which stream, three of nothing, four of length, then data. */
function collectOutput() {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const bytes = { stdout: 0, stderr: 0 };
  let pending: Buffer = Buffer.alloc(0);
  return {
    add(chunk: Buffer): void {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      while (pending.length >= 8 && pending.length >= 8 + pending.readUInt32BE(4)) {
        const end = 8 + pending.readUInt32BE(4);
        const name = pending[0] === 2 ? 'stderr' : 'stdout';
        const data = pending.subarray(8, Math.min(end, 8 + outputBytesMax - bytes[name]));
        bytes[name] += data.length;
        parts[name].push(data);
        pending = pending.subarray(end);
      }
    },
    streams: () => ({ stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr) }),
  };
}
