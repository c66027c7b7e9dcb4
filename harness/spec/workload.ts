import type { Workload } from './plan.js';

/** The program in the workload image. */
export const workloadCommand = '/workload';

/**
 * A workload as container arguments, in a fixed order: `--run-ms=500 --exit-code=1 --ignore-term …`. The
 * memory runtime reads them back; the workload image's shell script interprets the same words.
 */
export function workloadArguments(workload: Workload): string[] {
  const words: string[] = [];
  if (workload.runMs !== undefined) words.push(`--run-ms=${workload.runMs}`);
  if (workload.exitCode !== undefined) words.push(`--exit-code=${workload.exitCode}`);
  if (workload.ignoreTerm === true) words.push('--ignore-term');
  if (workload.stopMs !== undefined) words.push(`--stop-ms=${workload.stopMs}`);
  if (workload.readyMs !== undefined) words.push(`--ready-ms=${workload.readyMs}`);
  if (workload.lines !== undefined) words.push(`--lines=${workload.lines}`);
  if (workload.lineEveryMs !== undefined) words.push(`--line-every-ms=${workload.lineEveryMs}`);
  if (workload.errorLines !== undefined) words.push(`--error-lines=${workload.errorLines}`);
  if (workload.echo === true) words.push('--echo');
  if (workload.port !== undefined) words.push(`--port=${workload.port}`);
  if (workload.allocateMiB !== undefined) words.push(`--allocate-mib=${workload.allocateMiB}`);
  if (workload.mark !== undefined) words.push(`--mark=${workload.mark}`);
  return words;
}

/** The workload that these arguments say; words it does not know are ignored, so any container can be run. */
export function parseWorkload(words: readonly string[]): Workload {
  const workload: Workload = {};
  for (const word of words) {
    const [name, value = ''] = word.split('=', 2) as [string, string?];
    switch (name) {
      case '--run-ms':
        workload.runMs = Number(value);
        break;
      case '--exit-code':
        workload.exitCode = Number(value);
        break;
      case '--ignore-term':
        workload.ignoreTerm = true;
        break;
      case '--stop-ms':
        workload.stopMs = Number(value);
        break;
      case '--ready-ms':
        workload.readyMs = Number(value);
        break;
      case '--lines':
        workload.lines = Number(value);
        break;
      case '--line-every-ms':
        workload.lineEveryMs = Number(value);
        break;
      case '--error-lines':
        workload.errorLines = Number(value);
        break;
      case '--echo':
        workload.echo = true;
        break;
      case '--port':
        workload.port = Number(value);
        break;
      case '--allocate-mib':
        workload.allocateMiB = Number(value);
        break;
      case '--mark':
        workload.mark = value;
        break;
    }
  }
  return workload;
}

/** An exec of this succeeds when the workload says it is ready (`readyMs`). */
export const readyCommand = [workloadCommand, 'ready'] as const;

/** A preStop hook that takes this long. */
export function preStopCommand(preStopMs: number): string[] {
  return [workloadCommand, 'pre-stop', `--run-ms=${preStopMs}`];
}

/** Whether a command is a preStop hook. */
export function isPreStop(command: readonly string[] | undefined): boolean {
  return command?.[1] === 'pre-stop';
}

/** A command that writes lines to both outputs, or so many bytes to the first, takes its time and ends. */
export function printCommand(what: {
  readonly lines?: number;
  readonly errorLines?: number;
  readonly bytes?: number;
  readonly runMs?: number;
  readonly exitCode?: number;
}): string[] {
  const { bytes, ...workload } = what;
  const words = [workloadCommand, 'print', ...workloadArguments(workload)];
  return bytes === undefined ? words : [...words, `--bytes=${bytes}`];
}

/** How many bytes a print command is to write. */
export function bytesToPrint(words: readonly string[]): number {
  const word = words.find((each) => each.startsWith('--bytes='));
  return word === undefined ? 0 : Number(word.slice('--bytes='.length));
}
