import { PassThrough } from 'node:stream';
import type { CommandSession, ForwardSession, SessionStreams } from '../../ports/streams.js';
import { programMissing } from '../refusals.js';
import type { WantedStreams } from '../sessions.js';
import type { MemoryOutput } from './memory-output.js';
import type { MemoryStore } from './memory-store.js';
import type { ProgramEnds, RunningProgram } from './programs.js';
import type { ContainerRecord, OutputWatcher, SandboxRecord } from './records.js';
import { createTerminal } from './terminal.js';

/** Of a program that was interrupted from the keyboard. */
const interruptedExitCode = 130;

/** A command that a client runs in a simulated container. `start`: undefined when there is no such program. */
export function execSession(
  wanted: WantedStreams,
  start: (ends: ProgramEnds) => RunningProgram | undefined,
  words: readonly string[],
): CommandSession {
  return {
    kind: 'exec',
    command: words,
    ...wanted,
    run: (streams) =>
      new Promise((resolve) => {
        let program: RunningProgram | undefined;
        const show = (data: string | Buffer): void => void streams.stdout?.write(data);
        const terminal = createTerminal({
          toClient: show,
          toProgram: (text) => program?.input(Buffer.from(text)),
          endInput: () => program?.endInput(),
          interrupt() {
            program?.cancel();
            resolve({ exitCode: interruptedExitCode });
          },
        });
        program = start({
          write(name, data) {
            if (wanted.tty) show(terminal.show(data.toString()));
            else streams[name]?.write(data);
          },
          exit: (exitCode) => resolve({ exitCode }),
        });
        if (program === undefined) return resolve({ error: errorOf(words) });
        connectInput(streams, {
          isTerminal: wanted.tty,
          type: terminal.type,
          input: (text) => program?.input(Buffer.from(text)),
          end: () => program?.endInput(),
        });
      }),
  };
}

/** The main process of a simulated container: what it writes from now on, and what it is told. */
export function attachSession(
  wanted: WantedStreams,
  record: ContainerRecord,
  parts: { readonly output: MemoryOutput; readonly store: MemoryStore },
): CommandSession {
  return {
    kind: 'attach',
    command: [],
    ...wanted,
    run: (streams) =>
      new Promise((resolve) => {
        const watcher: OutputWatcher = (name, text) => void streams[name]?.write(text);
        const watchers = (record.watchers ??= new Set());
        watchers.add(watcher);
        const finish = (): void => {
          watchers.delete(watcher);
          resolve({ exitCode: 0 });
        };
        record.waiters.push(finish);
        streams.gone.addEventListener('abort', finish, { once: true });
        const { stdin, stdinOnce, tty } = record.config;
        const hears = (): boolean => stdin === true && record.workload.echo === true && !record.isDeaf;
        const tell = (text: string): void => {
          if (hears()) parts.output.write(record, 'stdout', text);
        };
        const terminal = createTerminal({
          toClient: (text) => void streams.stdout?.write(text),
          toProgram: tell,
          endInput: () => (record.isDeaf = true),
          interrupt: () => parts.store.endContainer(record, interruptedExitCode, 'workload'),
        });
        connectInput(streams, {
          isTerminal: tty === true,
          type: terminal.type,
          input: tell,
          end() {
            if (stdinOnce === true) record.isDeaf = true;
          },
        });
      }),
  };
}

/** The ports of a simulated pod: those on which a workload says that it listens, which sends everything back. */
export function forwardSession(sandbox: SandboxRecord, ports: readonly number[]): ForwardSession {
  return {
    kind: 'portforward',
    ports,
    connect(port) {
      const isOpen = [...sandbox.containers].some(
        ({ item, workload }) => item.state === 'CONTAINER_RUNNING' && workload.port === port,
      );
      if (isOpen) return Promise.resolve(new PassThrough());
      const refused = `dial tcp4 127.0.0.1:${port}: connect: connection refused`;
      return Promise.reject(new Error(`failed to connect to localhost:${port} inside the pod: ${refused}`));
    },
  };
}

function connectInput(
  { stdin, gone }: SessionStreams,
  to: {
    readonly isTerminal: boolean;
    readonly type: (text: string) => void;
    readonly input: (text: string) => void;
    readonly end: () => void;
  },
): void {
  if (stdin === undefined) return to.end();
  // A character may come in two pieces.
  stdin.setEncoding('utf8');
  stdin.on('data', (text: string) => (to.isTerminal ? to.type(text) : to.input(text)));
  stdin.once('end', to.end);
  gone.addEventListener('abort', to.end, { once: true });
}

function errorOf(words: readonly string[]): string {
  const refusal = programMissing(words[0] ?? '');
  return refusal.code === 'OK' ? '' : (refusal as { message: string }).message;
}
