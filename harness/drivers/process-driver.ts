import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, createWriteStream, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ExitCode, HarnessError } from '../core/errors.js';
import type { AgentDriver, AgentEndpoints, AgentExit, AgentProcess, AgentProfile } from '../ports/driver.js';
import { createCpuWatch } from './cpu-watch.js';
import { createOutputTail } from './output-tail.js';
import { fillTemplate, placeholderValues } from './templates.js';

export interface ProcessDriverOptions {
  readonly profile: AgentProfile;
  /** Program and arguments; templates. */
  readonly command: readonly string[];
  /** Added to the harness's own environment; templates. */
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** The agent file, for messages. */
  readonly file?: string;
  /** From SIGTERM to SIGKILL, in milliseconds. */
  readonly stopTimeoutMs?: number;
}

const stopTimeoutMsDefault = 10_000;
/** What is kept of the output of one life in its log; an agent that writes without end must not fill the disk. */
const logBytesMax = 8 * 1024 * 1024;

/** Runs an agent as a process with a group of its own, so that ending it ends its children. */
export function createProcessDriver(options: ProcessDriverOptions): AgentDriver {
  return {
    profile: options.profile,
    async start(endpoints: AgentEndpoints, incarnation: number): Promise<AgentProcess> {
      const { command, env } = filledStart(options, endpoints);
      const [program, ...words] = command;
      const child = spawn(program!, words, {
        cwd: options.workingDirectory,
        env: { ...process.env, ...env },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      await spawned(child, { program: program!, cwd: options.workingDirectory, file: options.file });
      // The sweep of the next start ends what this one leaves behind.
      appendFileSync(join(endpoints.stateDirectory, 'agent.pids'), `${child.pid}\n`);
      return wrap(child, endpoints, incarnation, options.stopTimeoutMs ?? stopTimeoutMsDefault);
    },
  };
}

/** Command and environment with the endpoints filled in. */
export function filledStart(
  options: ProcessDriverOptions,
  endpoints: AgentEndpoints,
): { readonly command: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const values = placeholderValues(endpoints);
  const fill = (text: string, path: string): string =>
    fillTemplate(text, values, { path, ...(options.file === undefined ? {} : { file: options.file }) });
  const env = Object.entries(options.env ?? {}).map(([name, value]) => [name, fill(value, `env.${name}`)]);
  return {
    command: options.command.map((word, index) => fill(word, `command[${index}]`)),
    env: { ...Object.fromEntries(env), CONFORMANCE_STATE_DIRECTORY: endpoints.stateDirectory },
  };
}

function spawned(
  child: ChildProcess,
  what: { readonly program: string; readonly cwd: string | undefined; readonly file: string | undefined },
): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error: NodeJS.ErrnoException) => reject(notStarted(error, what)));
  });
}

function notStarted(
  error: NodeJS.ErrnoException,
  what: { readonly program: string; readonly cwd: string | undefined; readonly file: string | undefined },
): HarnessError {
  // The system says ENOENT of the program when it is the directory that is missing.
  const isDirectoryMissing = what.cwd !== undefined && !isDirectory(what.cwd);
  return new HarnessError({
    code: 'agent-not-started',
    message: `The agent could not be started: ${what.program}.`,
    exitCode: ExitCode.unavailable,
    file: what.file,
    path: isDirectoryMissing ? 'cwd' : 'command',
    expected: isDirectoryMissing ? 'a directory to start it in' : 'a program that can be executed',
    got: isDirectoryMissing
      ? `${what.cwd}, which is no directory`
      : (startProblems[error.code ?? ''] ?? error.code ?? error.message),
    hint: 'Relative paths start at `cwd` of the agent file; the program is looked up in PATH, without a shell.',
    cause: error,
  });
}

const startProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program (ENOENT)',
  EACCES: 'it may not be executed (EACCES)',
  ENOEXEC: 'it is no program for this machine (ENOEXEC)',
};

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Output is written so often, in milliseconds: agents that say much say it a line at a time. */
const logPeriodMs = 100;

/** Writes what streams bring to a file, as far as there is room. */
function keepLog(path: string, streams: readonly Readable[]): { end(): void } {
  const log = createWriteStream(path);
  let left = logBytesMax;
  let flushing: NodeJS.Timeout | undefined;
  log.on('error', () => (left = 0));
  const flush = (): void => {
    flushing = undefined;
    log.uncork();
  };
  const write = (chunk: Buffer): void => {
    if (flushing === undefined) {
      log.cork();
      flushing = setTimeout(flush, logPeriodMs).unref();
    }
    log.write(chunk);
  };
  const end = (lastWords?: string): void => {
    clearTimeout(flushing);
    log.end(lastWords);
  };
  for (const stream of streams) {
    stream.on('data', (chunk: Buffer) => {
      if (left <= 0) return;
      write(left >= chunk.length ? chunk : chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) end('\n(the rest was left out)\n');
    });
  }
  return { end };
}

function wrap(
  child: ChildProcess,
  endpoints: AgentEndpoints,
  incarnation: number,
  stopTimeoutMs: number,
): AgentProcess {
  const tail = createOutputTail();
  const streams = [child.stdout!, child.stderr!];
  const log = keepLog(join(endpoints.stateDirectory, `agent-${incarnation}.log`), streams);
  for (const stream of streams) tail.read(stream);
  const exited = new Promise<AgentExit>((resolve) => {
    child.once('close', (code, signal) => {
      log.end();
      resolve({
        ...(code === null ? {} : { code }),
        ...(signal === null ? {} : { signal }),
        lastOutput: tail.lines(),
      });
    });
  });
  const send = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-child.pid!, signal);
    } catch {
      // The group is gone already.
    }
  };
  return {
    exited,
    lastOutput: () => tail.lines(),
    takeCpuTime: createCpuWatch(child.pid!),
    async kill() {
      send('SIGKILL');
      await exited;
    },
    async stop() {
      send('SIGTERM');
      const bound = setTimeout(() => send('SIGKILL'), stopTimeoutMs);
      await exited;
      clearTimeout(bound);
    },
    pause: () => send('SIGSTOP'),
    resume: () => send('SIGCONT'),
  };
}
