import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** The files that simulated containers log to, wherever the agent wants them. */
export interface PodLogs {
  /** Makes the file, again if it was moved away, and the directories that it needs. */
  open(path: string): void;
  write(path: string, line: string): void;
  /** Removes the files and directories that were made for logs. From now on nothing is written. */
  close(): void;
}

/**
 * Made by any backend of this process and not removed yet. Backends side by side log to the same directory of the
 * machine: who made it may be done before the others are, and the last of them removes it.
 */
const madeDirectories = new Set<string>();

/**
 * A log that cannot be written is not written, and nobody hears of it: that the user who runs the suite may not write
 * where the logs of a node belong, or that the disk is full, is no doing of the agent, whose containers would run all
 * the same if their runtime were real. An agent that reads its logs finds none there.
 */
export function createPodLogs(): PodLogs {
  /** Logs that are not of somebody else: only these are removed. */
  const own = new Set<string>();
  /** All that were asked for: what is above them may have been made even where they could not be. */
  const wanted = new Set<string>();
  let isClosed = false;

  return {
    open(logPath) {
      if (isClosed) return;
      const path = resolve(logPath);
      wanted.add(path);
      attempt(() => makeDirectory(dirname(path)));
      attempt(() => {
        closeSync(openSync(path, 'ax', 0o640));
        own.add(path);
      });
    },
    write(path, line) {
      // Directories are made by `open` alone: a log whose directory the agent has removed is gone for good.
      if (!isClosed) attempt(() => appendFileSync(path, `${line}\n`, { mode: 0o640 }));
    },
    close() {
      isClosed = true;
      for (const path of own) removeLog(path);
      for (const path of wanted) removeEmptyDirectories(dirname(path));
    },
  };
}

/** Step by step, to know each that was made, also where a later one cannot be. Most have been made by the agent. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  try {
    mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeDirectory(dirname(directory));
    mkdirSync(directory);
  }
  madeDirectories.add(directory);
}

/** With the older parts of it, which agents rotate by renaming them. */
function removeLog(path: string): void {
  attempt(() => unlinkSync(path));
  const directory = dirname(path);
  if (!madeDirectories.has(directory)) return;
  attempt(() => {
    for (const name of readdirSync(directory))
      if (name.startsWith(`${basename(path)}.`)) attempt(() => unlinkSync(join(directory, name)));
  });
}

/** From this one upwards. One that others put something in stays. */
function removeEmptyDirectories(deepest: string): void {
  for (let directory = deepest; directory !== dirname(directory); directory = dirname(directory)) {
    if (!madeDirectories.has(directory)) continue;
    const code = attempt(() => rmdirSync(directory));
    if (code === undefined || code === 'ENOENT') madeDirectories.delete(directory);
    else return;
  }
}

/** Does it if it can be done; otherwise what the system says about it. */
function attempt(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}
