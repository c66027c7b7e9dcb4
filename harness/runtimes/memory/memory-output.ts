import type { Clock } from '../../core/clock.js';
import type { PodLogs } from './pod-logs.js';
import type { ContainerRecord, OutputName } from './records.js';

/** What simulated containers write: into their logs, and to those who are attached. */
export interface MemoryOutput {
  /** Makes the log file, again if it was moved away. */
  open(record: ContainerRecord): void;
  /** The container has just started: its workload says what it writes. */
  begin(record: ContainerRecord): void;
  /** Text may end in the middle of a line. */
  write(record: ContainerRecord, name: OutputName, text: string): void;
}

export function createMemoryOutput(options: {
  readonly clock: Clock;
  readonly epochMs: number;
  readonly logs?: PodLogs;
  /** Whether anybody may be attached. */
  readonly canBeWatched: boolean;
}): MemoryOutput {
  const { clock, logs } = options;
  const isSeen = logs !== undefined || options.canBeWatched;
  /** Beginnings of lines. */
  const pending = new WeakMap<ContainerRecord, Map<OutputName, string>>();

  function log(record: ContainerRecord, name: OutputName, text: string): void {
    if (logs === undefined || record.logPath === '') return;
    let begun = pending.get(record);
    if (begun === undefined) pending.set(record, (begun = new Map<OutputName, string>()));
    const lines = ((begun.get(name) ?? '') + text).split('\n');
    begun.set(name, lines.pop()!);
    for (const line of lines) logs.write(record.logPath, logLine(name, 'F', line));
  }

  function logLine(name: OutputName, tag: 'F' | 'P', line: string): string {
    return `${new Date(options.epochMs + clock.now()).toISOString()} ${name} ${tag} ${line}`;
  }

  function write(record: ContainerRecord, name: OutputName, text: string): void {
    const { tty } = record.config;
    // A terminal has one output, and ends its lines as a typewriter does.
    const shown = tty ? text.replaceAll('\n', '\r\n') : text;
    const seenAs = tty ? 'stdout' : name;
    log(record, seenAs, shown);
    for (const watcher of record.watchers ?? []) watcher(seenAs, shown);
  }

  function writeLater(record: ContainerRecord, number: number): void {
    const { lines = 0, lineEveryMs = 0 } = record.workload;
    write(record, 'stdout', `line ${number}\n`);
    if (number === lines) return;
    clock.after(lineEveryMs, () => {
      if (record.item.state === 'CONTAINER_RUNNING') writeLater(record, number + 1);
    });
  }

  /** What is left of a last line that was not ended. */
  function finish(record: ContainerRecord): void {
    for (const [name, text] of pending.get(record) ?? []) {
      if (text !== '') logs?.write(record.logPath, logLine(name, 'P', text));
    }
    pending.delete(record);
  }

  return {
    write,
    open(record) {
      if (record.logPath !== '') logs?.open(record.logPath);
    },
    begin(record) {
      if (!isSeen) return;
      record.waiters.push(() => finish(record));
      const { lines = 0, lineEveryMs = 0, errorLines = 0 } = record.workload;
      if (lines > 0 && lineEveryMs > 0) writeLater(record, 1);
      else for (let number = 1; number <= lines; number++) write(record, 'stdout', `line ${number}\n`);
      for (let number = 1; number <= errorLines; number++) write(record, 'stderr', `error ${number}\n`);
    },
  };
}
