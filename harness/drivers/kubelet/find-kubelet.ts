import { spawnSync } from 'node:child_process';
import { ExitCode, HarnessError } from '../../core/errors.js';
import { checkKubeletVersion, parseKubeletVersion, type KubeletVersion } from './kubelet-version.js';

/** A kubelet that can be started here. */
export interface FoundKubelet {
  readonly binary: string;
  readonly version: KubeletVersion;
}

const versionTimeoutMs = 20_000;

/**
 * Asks the kubelet at this path, or of this name in PATH, for its version. Throws a HarnessError (exit code 69) when
 * there is none, when the preset does not know its version, and when this machine cannot start it.
 */
export function findKubelet(binary: string): FoundKubelet {
  const asked = spawnSync(binary, ['--version'], { encoding: 'utf8', timeout: versionTimeoutMs });
  if (asked.error !== undefined) throw notFound(binary, asked.error);
  const version = parseKubeletVersion(asked.stdout);
  if (version === undefined) throw noKubelet(binary, `${asked.stdout}${asked.stderr}`);
  checkKubeletVersion(version, binary);
  checkRights(process.getuid?.());
  checkUnshare();
  return { binary, version };
}

/** Throws a HarnessError (exit code 69) for everybody but root. */
export function checkRights(userId: number | undefined): void {
  if (userId === 0) return;
  throw new HarnessError({
    code: 'kubelet-needs-root',
    message: 'A kubelet can only be started by root.',
    exitCode: ExitCode.unavailable,
    expected: 'user 0',
    got: userId === undefined ? 'a system without users' : `user ${userId}`,
    hint: 'Use sudo, or a privileged container.',
  });
}

function checkUnshare(): void {
  const asked = spawnSync('unshare', ['--mount', 'true'], { encoding: 'utf8', timeout: versionTimeoutMs });
  if (asked.error === undefined && asked.status === 0) return;
  throw new HarnessError({
    code: 'kubelet-needs-mounts',
    message: 'A kubelet mounts things, and this machine does not let the suite keep its mounts apart.',
    exitCode: ExitCode.unavailable,
    expected: 'that `unshare --mount true` works',
    got: asked.error?.message ?? asked.stderr.trim(),
    hint: 'unshare is in util-linux; in a container it needs --privileged, or the capability SYS_ADMIN.',
  });
}

function notFound(binary: string, error: NodeJS.ErrnoException): HarnessError {
  return new HarnessError({
    code: 'kubelet-missing',
    message: 'There is no kubelet.',
    exitCode: ExitCode.unavailable,
    file: binary,
    expected: 'a program that answers --version',
    got: error.code === 'ENOENT' ? 'no such program' : (error.code ?? error.message),
    hint: 'Say where it is with --agent-binary <path>. The suite brings none; your distribution or your build does.',
    cause: error,
  });
}

function noKubelet(binary: string, output: string): HarnessError {
  const [line = ''] = output.trim().split('\n');
  return new HarnessError({
    code: 'kubelet-unknown',
    message: 'The program does not say that it is a kubelet.',
    exitCode: ExitCode.unavailable,
    file: binary,
    expected: '`Kubernetes v1.…` as the answer to --version',
    got: line === '' ? 'nothing' : line,
    hint: 'Other agents are described by an agent file: docs/WRITING-AN-AGENT.md.',
  });
}
