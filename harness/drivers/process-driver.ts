import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ExitCode, HarnessError } from '../core/errors.js';
import type { AgentDriver, AgentEndpoints, AgentExit, AgentProcess, AgentProfile } from '../ports/driver.js';
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
/** Lines of output that are kept for messages. */
const keptLinesMax = 20;
const lineLengthMax = 500;

/** Runs an agent as a process with a group of its own, so that ending it ends its children. */
export function createProcessDriver(options: ProcessDriverOptions): AgentDriver {
  return {
    profile: options.profile,
    async start(endpoints: AgentEndpoints, incarnation: number): Promise<AgentProcess> {
      const values = placeholderValues(endpoints);
      const fill = (text: string, path: string): string =>
        fillTemplate(text, values, { path, ...(options.file === undefined ? {} : { file: options.file }) });
      const [program, ...words] = options.command.map((word, index) => fill(word, `command[${index}]`));
      const env = Object.fromEntries(
        Object.entries(options.env ?? {}).map(([name, value]) => [name, fill(value, `env.${name}`)]),
      );
      const child = spawn(program!, words, {
        cwd: options.workingDirectory,
        env: { ...process.env, ...env, CONFORMANCE_STATE_DIRECTORY: endpoints.stateDirectory },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      await spawned(child, program!, options.file);
      // The sweep of the next start ends what this one leaves behind.
      appendFileSync(join(endpoints.stateDirectory, 'agent.pids'), `${child.pid}\n`);
      return wrap(child, endpoints, incarnation, options.stopTimeoutMs ?? stopTimeoutMsDefault);
    },
  };
}

function spawned(child: ChildProcess, program: string, file: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new HarnessError({
          code: 'agent-not-started',
          message: `The agent could not be started: ${program}.`,
          exitCode: ExitCode.unavailable,
          file,
          path: 'command',
          expected: 'a program that can be executed',
          got: error.code ?? error.message,
          hint: 'Relative paths start at `cwd` of the agent file; the program is looked up in PATH, without a shell.',
          cause: error,
        }),
      ),
    );
  });
}

function wrap(
  child: ChildProcess,
  endpoints: AgentEndpoints,
  incarnation: number,
  stopTimeoutMs: number,
): AgentProcess {
  const lastOutput: string[] = [];
  const log = createWriteStream(join(endpoints.stateDirectory, `agent-${incarnation}.log`));
  log.on('error', () => {});
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream! }).on('line', (line) => {
      log.write(`${line}\n`);
      lastOutput.push(line.slice(0, lineLengthMax));
      if (lastOutput.length > keptLinesMax) lastOutput.shift();
    });
  }
  const exited = new Promise<AgentExit>((resolve) => {
    child.once('close', (code, signal) => {
      log.end();
      resolve({ ...(code === null ? {} : { code }), ...(signal === null ? {} : { signal }), lastOutput });
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
