import type { CommandSession, SessionEnd } from '../../ports/streams.js';

/** What clients of exec and attach call the versions of their protocol; the first that they offer and we know is used. */
export const commandProtocols = ['v5', 'v4', 'v3', 'v2', ''] as const;
export type CommandProtocol = (typeof commandProtocols)[number];

/** Its full name: the oldest has no version. */
export function channelProtocol(version: CommandProtocol, base64 = false): string {
  const parts = [version, ...(base64 ? ['base64'] : []), 'channel.k8s.io'];
  return parts.filter((part) => part !== '').join('.');
}

/**
 * What goes over the error stream at the end; undefined for nothing. Newer clients read it as an API's status, older ones
 * as text, and nothing as success.
 */
export function endMessage(
  protocol: CommandProtocol,
  session: Pick<CommandSession, 'kind' | 'command'>,
  end: SessionEnd,
): string | undefined {
  const status = statusOf(session, end);
  if (protocol === 'v4' || protocol === 'v5') return JSON.stringify(status);
  return status.message;
}

interface EndStatus {
  readonly metadata: object;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: { readonly causes: readonly { readonly reason: string; readonly message: string }[] };
}

function statusOf({ kind, command }: Pick<CommandSession, 'kind' | 'command'>, end: SessionEnd): EndStatus {
  const failure = { metadata: {}, status: 'Failure' } as const;
  if ('error' in end) {
    const what = kind === 'exec' ? 'executing command in' : 'attaching to';
    const message = `Internal error occurred: error ${what} container: ${end.error}`;
    return { ...failure, message, reason: 'InternalError', code: 500 };
  }
  if (end.exitCode === 0) return { metadata: {}, status: 'Success' };
  const what = `error executing command [${command.join(' ')}], exit code ${end.exitCode}`;
  return {
    ...failure,
    message: `command terminated with non-zero exit code: ${what}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(end.exitCode) }] },
  };
}
