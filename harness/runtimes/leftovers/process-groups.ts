import { readdirSync, readFileSync, statSync } from 'node:fs';

/** The kernel's unit of process times, in milliseconds; Linux fixes it at 100 a second for programs. */
const tickMs = 10;

/** Between the start of a process and its entry in the list. */
const entryDelayMs = 2_000;

/** Process ids are handed out again, so a number is not enough to end a process by. */
interface ProcessStat {
  readonly pid: number;
  readonly group: number;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
}

/**
 * Kills the agents whose process ids a dead harness wrote to `file`, one per line, with their groups. A number
 * that may have been handed out again since is left alone. Returns how many groups were ended.
 */
export function endProcessGroups(file: string, runDirectory: string): number {
  const writtenAtMs = statSync(file).mtimeMs;
  const wanted = new Set(
    readFileSync(file, 'utf8')
      .split('\n')
      .map(Number)
      .filter((pid) => Number.isSafeInteger(pid) && pid > 1 && pid !== process.pid),
  );
  const running = listProcesses();
  let count = 0;
  for (const group of wanted) {
    const members = running.filter((each) => each.group === group);
    const isOurs = members.some(
      ({ pid, startedAtMs }) =>
        (pid === group && startedAtMs <= writtenAtMs + entryDelayMs) || mentions(pid, runDirectory),
    );
    if (isOurs && kill(group)) count++;
  }
  return count;
}

/** Agents get this variable, whose value is below the directory of their run, and so do their children. */
const stateDirectoryVariable = 'CONFORMANCE_STATE_DIRECTORY';

/**
 * Kills the processes that carry the directory of a dead run in their environment, with their groups: those
 * whose ids nobody had the time to write down. Returns how many groups were ended.
 */
export function endMarkedGroups(runDirectory: string): number {
  const mark = `${stateDirectoryVariable}=${runDirectory}/`;
  const groups = new Set(
    listProcesses()
      .filter(({ pid }) => pid !== process.pid && readProcessFile(pid, 'environ').includes(mark))
      .map(({ group }) => group),
  );
  return [...groups].filter((group) => group > 1 && kill(group)).length;
}

function listProcesses(): ProcessStat[] {
  let names: string[];
  let bootedAtMs: number;
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    bootedAtMs = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]) * 1_000;
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const text = readProcessFile(Number(name), 'stat');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (fields.length < 20) return [];
    const startedAtMs = bootedAtMs + Number(fields[19]) * tickMs;
    return [{ pid: Number(name), group: Number(fields[2]), startedAtMs }];
  });
}

/** Agents are told their endpoints, which are below the run directory, by arguments or environment. */
function mentions(pid: number, runDirectory: string): boolean {
  return ['cmdline', 'environ'].some((file) => readProcessFile(pid, file).includes(runDirectory));
}

function readProcessFile(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

function kill(group: number): boolean {
  try {
    process.kill(-group, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}
