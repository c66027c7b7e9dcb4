import type { CriResult } from '../../ports/cri.js';
import { createExecOutput } from '../exec-output.js';
import { execTimedOut, programMissing } from '../refusals.js';
import type { DockerContainerHandle } from './docker-engine.js';
import { createFrameReader } from './frames.js';

/** Without a timeout of the caller's: no command runs for ever. */
const execTimeoutMsMax = 3_600_000;
/** The program that ends the command, for the engine cannot, may be late by so much. */
const lateMs = 500;

/** Runs a command in a running container and collects what it writes. `timeoutS` 0: as long as it takes. */
export async function execSync(
  handle: DockerContainerHandle,
  command: readonly string[],
  timeoutS: number,
): Promise<CriResult> {
  const exec = await handle.exec({
    Cmd: timeoutS > 0 ? ['/bin/timeout', '-s', 'KILL', String(timeoutS), ...command] : [...command],
    AttachStdout: true,
    AttachStderr: true,
  });
  const beganAt = Date.now();
  const stream = await exec.start({ hijack: true, stdin: false });
  const output = createExecOutput();
  let first = '';
  stream.on(
    'data',
    createFrameReader((name, data) => {
      if (first === '') first = data.subarray(0, 1_024).toString();
      output.add(name, data);
    }),
  );
  const timeoutMs = timeoutS > 0 ? timeoutS * 1_000 + lateMs : execTimeoutMsMax;
  const timeout = new Promise<'late'>((resolve) => {
    const timer = setTimeout(() => resolve('late'), timeoutMs);
    const done = (): void => clearTimeout(timer);
    stream.once('close', done);
    stream.once('end', done);
  });
  const whole = new Promise<'whole'>((resolve, reject) => {
    stream.once('end', () => resolve('whole'));
    stream.once('close', () => resolve('whole'));
    stream.once('error', reject);
  });
  if ((await Promise.race([whole, timeout])) === 'late') {
    stream.destroy();
    return execTimedOut(timeoutS);
  }
  const { ExitCode: exitCode, Pid: pid } = await exec.inspect();
  if (wasNotStarted({ exitCode, pid, first, isWrapped: timeoutS > 0 }))
    return programMissing(command[0] ?? '');
  const wasKilled = exitCode === 137 && timeoutS > 0 && Date.now() - beganAt >= timeoutS * 1_000;
  return wasKilled ? execTimedOut(timeoutS) : output.answer(exitCode ?? 137);
}

/** The engine, or the program around the command, says it in place of the command's output. */
function wasNotStarted(ended: {
  readonly exitCode: number | null;
  readonly pid: number;
  readonly first: string;
  readonly isWrapped: boolean;
}): boolean {
  const { exitCode, pid, first, isWrapped } = ended;
  if (isWrapped && exitCode === 127) return first.startsWith("timeout: can't execute");
  return exitCode === 126 && pid === 0 && first.startsWith('OCI runtime exec failed');
}
