/** The Python agent as its own CI would test it: through the command, by its exit code and its report. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../dist/harness/cli/main.js', import.meta.url));
const reports = mkdtempSync(join(tmpdir(), 'conformance-python-'));
afterAll(() => rmSync(reports, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly verdicts: ReadonlyMap<string, string>;
}

function campaign(agentFile: string, ...words: string[]): Ended {
  const agent = fileURLToPath(new URL(agentFile, import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, 'run', '--agent', agent, '--seed', 'python', '--report', agentFile, ...words],
    { cwd: reports, encoding: 'utf8' },
  );
  expect([0, 1], `${stdout}${stderr}`).toContain(status);
  const report = JSON.parse(readFileSync(join(reports, agentFile, 'report.json'), 'utf8')) as {
    verdicts: { requirement: string; verdict: string }[];
  };
  return {
    status,
    stdout,
    verdicts: new Map(report.verdicts.map(({ requirement, verdict }) => [requirement, verdict])),
  };
}

test('the agent conforms in the features that it declares', { timeout: 180_000 }, () => {
  const { status, stdout, verdicts } = campaign('agent.yaml', '--cases', '24');
  expect(status, stdout).toBe(0);
  for (const exercised of ['MUX-02', 'WORK-01', 'LIFE-06', 'TERM-02', 'GC-01', 'QUIET-02']) {
    expect({ exercised, verdict: verdicts.get(exercised) }).toEqual({ exercised, verdict: 'pass' });
  }
  expect(verdicts.get('FILE-01')).toBe('not applicable');
});

test('the broken one is caught by the requirement that it breaks', { timeout: 180_000 }, () => {
  const { status, stdout } = campaign(
    'broken-agent.yaml',
    '--suite',
    'lifecycle',
    '--requirement',
    'LIFE-06',
    '--cases',
    '40',
    '--bail',
    '--no-shrink',
  );
  expect(status, stdout).toBe(1);
  expect(stdout).toContain('FAIL LIFE-06 restart policy');
});
