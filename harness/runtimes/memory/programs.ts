import type { Clock } from '../../core/clock.js';
import { bytesToPrint, parseWorkload, workloadCommand } from '../../spec/workload.js';
import type { OutputName } from './records.js';

/** What a simulated program writes to, and says its end to: once. */
export interface ProgramEnds {
  write(name: OutputName, data: string | Buffer): void;
  exit(exitCode: number): void;
}

/** A simulated program that runs in a container. */
export interface RunningProgram {
  input(data: Buffer): void;
  endInput(): void;
  /** Forgets it: nothing more is written, and no end is told. */
  cancel(): void;
}

/** The container that a program runs in. */
export interface ProgramPlace {
  readonly clock: Clock;
  /** Whether its workload says that it is ready. */
  isReady(): boolean;
  /** The workload itself is to end with this code. */
  exitWorkload(exitCode: number): void;
  /** The workload gets a SIGTERM. */
  terminateWorkload(): void;
}

const bytesMax = 64 * 1024 * 1024;
const silent: RunningProgram = { input() {}, endInput() {}, cancel() {} };

/**
 * Starts one of the programs that simulated containers have: the workload's own commands, and those few of the
 * workload image that people try first. Undefined: there is no such program, as in the image.
 */
export function startProgram(
  words: readonly string[],
  place: ProgramPlace,
  ends: ProgramEnds,
): RunningProgram | undefined {
  const [program = '', ...rest] = words;
  if (program === workloadCommand) return startOwn(rest, place, ends);
  switch (program.replace(/^\/bin\//, '')) {
    case 'true':
      return ending(ends, 0);
    case 'false':
      return ending(ends, 1);
    case 'echo':
      ends.write('stdout', `${rest.join(' ')}\n`);
      return ending(ends, 0);
    case 'cat':
      return rest.length === 0 ? catInput(ends) : noFiles(rest, ends);
    case 'sleep':
      return after(Number(rest[0]) * 1_000 || 0, place, () => ends.exit(0));
    default:
      return undefined;
  }
}

function startOwn(words: readonly string[], place: ProgramPlace, ends: ProgramEnds): RunningProgram {
  const workload = parseWorkload(words);
  switch (words[0]) {
    case 'ready':
      return ending(ends, place.isReady() ? 0 : 1);
    case 'pre-stop':
      return after(workload.runMs ?? 0, place, () => ends.exit(0));
    case 'exit':
      ends.exit(0);
      place.exitWorkload(Number(words[1]));
      return silent;
    case 'terminate':
      ends.exit(0);
      place.terminateWorkload();
      return silent;
    case 'print': {
      const { lines = 0, errorLines = 0, runMs = 0, exitCode = 0 } = workload;
      for (let number = 1; number <= lines; number++) ends.write('stdout', `line ${number}\n`);
      for (let number = 1; number <= errorLines; number++) ends.write('stderr', `error ${number}\n`);
      const bytes = Math.min(bytesToPrint(words), bytesMax);
      if (bytes > 0) ends.write('stdout', Buffer.alloc(bytes, 'x'));
      return after(runMs, place, () => ends.exit(exitCode));
    }
    default:
      // Another workload beside the first: nothing of the suite's starts one.
      return after(workload.runMs ?? 0, place, () => ends.exit(workload.exitCode ?? 0));
  }
}

function ending(ends: ProgramEnds, exitCode: number): RunningProgram {
  ends.exit(exitCode);
  return silent;
}

function after(delayMs: number, place: ProgramPlace, act: () => void): RunningProgram {
  if (delayMs <= 0) {
    act();
    return silent;
  }
  const timer = place.clock.after(delayMs, act);
  return { ...silent, cancel: () => timer.cancel() };
}

function catInput(ends: ProgramEnds): RunningProgram {
  return {
    input: (data) => ends.write('stdout', data),
    endInput: () => ends.exit(0),
    cancel() {},
  };
}

function noFiles(names: readonly string[], ends: ProgramEnds): RunningProgram {
  for (const name of names) ends.write('stderr', `cat: can't open '${name}': No such file or directory\n`);
  return ending(ends, 1);
}
