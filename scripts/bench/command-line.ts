import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../harness/core/package-root.js';
import { median, timed } from './common.js';

const main = join(packageRoot(), 'dist/harness/cli/main.js');

function conformance(words: readonly string[], cwd?: string): void {
  execFileSync(process.execPath, [main, ...words], { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** What a user waits for: `--version`, and `run` without any options. */
export async function commandLine(): Promise<object> {
  const versions: number[] = [];
  for (let sample = 0; sample < 5; sample++)
    versions.push((await timed(async () => conformance(['--version']))).wallMs);
  const run = report(['run']);
  return {
    versionMs: median(versions),
    runCases: run.cases,
    runWallSeconds: run.wallSeconds,
  };
}

/** Cases against the reference agent as a process, one after the other, on real clocks and sockets. */
export function live(cases: number): object {
  const run = report(['run', '--world', 'live', '--jobs', '1', '--cases', String(cases)]);
  return { cases: run.cases, secondsPerCase: run.wallSeconds / run.cases };
}

function report(words: readonly string[]): { cases: number; wallSeconds: number } {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-bench-'));
  try {
    conformance([...words, '--seed', 'bench', '--quiet'], directory);
    return JSON.parse(readFileSync(join(directory, 'conformance-report/report.json'), 'utf8'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
