/** Exit codes of the command, design section 10. */
export const ExitCode = {
  conforms: 0,
  doesNotConform: 1,
  inconclusive: 2,
  usage: 64,
  unavailable: 69,
  harnessFault: 70,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What a {@link HarnessError} is made of. */
export interface HarnessErrorParts {
  /** Stable, kebab-case, for scripts: `plan-malformed`, `docker-missing`. */
  code: string;
  /** One sentence: what is wrong. */
  message: string;
  exitCode: ExitCode;
  /** File, and path inside it, that the error is about. */
  file?: string | undefined;
  path?: string | undefined;
  expected?: string | undefined;
  got?: string | undefined;
  /** What the reader can do about it. */
  hint?: string | undefined;
  cause?: unknown;
}

/**
 * An expected failure that the user can act on: wrong input, something missing on the machine, or a fault of
 * the harness. Never a finding about the agent. `report/` words it; nothing else prints it.
 */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly file: string | undefined;
  readonly path: string | undefined;
  readonly expected: string | undefined;
  readonly got: string | undefined;
  readonly hint: string | undefined;

  constructor(parts: HarnessErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.code = parts.code;
    this.exitCode = parts.exitCode;
    this.file = parts.file;
    this.path = parts.path;
    this.expected = parts.expected;
    this.got = parts.got;
    this.hint = parts.hint;
  }
}

/** Any error as one that can be reported: what nobody expected is a fault of the harness. */
export function asHarnessError(error: unknown): HarnessError {
  if (error instanceof HarnessError) return error;
  const fault = new HarnessError({
    code: 'harness-fault',
    message: `The suite itself failed: ${error instanceof Error ? error.message : String(error)}`,
    exitCode: ExitCode.harnessFault,
    hint: 'This says nothing about your agent. Please report it with the command line and what follows.',
    cause: error,
  });
  // Where it happened, not where it was noticed.
  if (error instanceof Error && error.stack !== undefined) fault.stack = error.stack;
  return fault;
}

/** Throws when one of our own assumptions is broken: a fault of the harness, never of the agent. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) {
    throw new HarnessError({
      code: 'assertion-failed',
      message: `The harness broke an assumption of its own: ${message}`,
      exitCode: ExitCode.harnessFault,
      hint: 'This is a bug in the suite, not in your agent. Please report it with the seed and the case file.',
    });
  }
}

/** For the default branch of exhaustive switches. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
