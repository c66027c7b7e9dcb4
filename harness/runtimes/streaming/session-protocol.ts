import type { SessionEnd } from '../../ports/streams.js';

/** What clients of exec and attach call the versions of their protocol; the first that they offer and we know is used. */
export const commandProtocols = ['v5', 'v4', 'v3', 'v2', ''] as const;
export type CommandProtocol = (typeof commandProtocols)[number];

/** Its full name: the oldest has no version. */
export function channelProtocol(version: CommandProtocol, base64 = false): string {
  const parts = [version, ...(base64 ? ['base64'] : []), 'channel.k8s.io'];
  return parts.filter((part) => part !== '').join('.');
}

/** What goes over the error stream at the end; undefined for nothing. Newer clients read it as an API's status. */
export function endMessage(
  protocol: CommandProtocol,
  kind: 'exec' | 'attach',
  end: SessionEnd,
): string | undefined {
  const isNew = protocol === 'v4' || protocol === 'v5';
  if ('error' in end) {
    const message = `error ${kind === 'exec' ? 'executing command in' : 'attaching to'} container: ${end.error}`;
    return isNew
      ? JSON.stringify(failure('InternalError', `Internal error occurred: ${message}`, 500))
      : message;
  }
  if (end.exitCode === 0) return isNew ? JSON.stringify({ metadata: {}, status: 'Success' }) : undefined;
  const message = `command terminated with non-zero exit code: exit status ${end.exitCode}`;
  if (!isNew) return `error executing command in container: ${message}`;
  const causes = [{ reason: 'ExitCode', message: String(end.exitCode) }];
  return JSON.stringify({ ...failure('NonZeroExitCode', message, undefined), details: { causes } });
}

function failure(reason: string, message: string, code: number | undefined): object {
  return { metadata: {}, status: 'Failure', message, reason, ...(code === undefined ? {} : { code }) };
}
