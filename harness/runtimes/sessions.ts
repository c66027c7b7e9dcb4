import type { CriResult } from '../ports/cri.js';

interface CommandRequest {
  readonly tty?: boolean;
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
}

/** Which streams a session is to have. */
export interface WantedStreams {
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

export function wantedStreams(request: CommandRequest): WantedStreams {
  const { tty = false, stdin = false, stdout = false, stderr = false } = request;
  return { tty, stdin, stdout, stderr };
}

/** Why no session can be had with what was asked for, as streaming servers of runtimes word it. */
export function sessionProblem({ tty, stdin, stdout, stderr }: WantedStreams): CriResult | undefined {
  if (tty && stderr) return invalid('tty and stderr cannot both be true');
  return stdin || stdout || stderr ? undefined : invalid('one of stdin, stdout, or stderr must be set');
}

function invalid(message: string): CriResult {
  return { code: 'INVALID_ARGUMENT', message };
}
