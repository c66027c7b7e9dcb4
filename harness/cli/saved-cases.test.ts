/** `conformance run --saved-cases`: what campaigns found before, as a campaign of its own. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../core/package-root.js';
import { reportSchema, type Report } from '../report/json.js';

const main = join(packageRoot(), 'dist/harness/cli/main.js');
const directory = mkdtempSync(join(tmpdir(), 'conformance-saved-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function conformance(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...words], { cwd: directory, encoding: 'utf8' });
}

function reportOf(folder: string): Report {
  return reportSchema.parse(JSON.parse(readFileSync(join(directory, folder, 'report.json'), 'utf8')));
}

const findingsOf = ({ verdicts }: Report) => verdicts.flatMap(({ findings }) => findings);

/** Case files of one campaign against a broken agent, not made smaller. */
let found: readonly string[];
const broken = ['--agent', 'mutant:ignores-grace'];

beforeAll(() => {
  const campaign = ['run', ...broken, '--seed', '1', '--cases', '200', '--no-shrink', '--report', 'found'];
  expect(conformance(...campaign).status).toBe(1);
  found = findingsOf(reportOf('found')).map((finding) => join('found', finding.case));
  rmSync(join(directory, '.conformance'), { recursive: true });
});

test('nothing but the saved cases runs, and what still fails is made smaller', () => {
  const before = findingsOf(reportOf('found'));
  const ended = conformance('run', ...broken, '--saved-cases', ...found, '--report', 'again');
  expect(ended.status, ended.stderr).toBe(1);
  const report = reportOf('again');
  expect(report).toMatchObject({ cases: found.length, seed: 'none' });
  expect(report.savedCases?.map(({ file }) => file)).toEqual(found);
  expect(report.suites).toEqual([
    ...new Set(
      found.map((path) => {
        const { plan } = JSON.parse(readFileSync(join(directory, path), 'utf8')) as {
          plan: { suite: string };
        };
        return plan.suite;
      }),
    ),
  ]);
  for (const one of before) {
    const smaller = findingsOf(report).find(({ signature }) => signature === one.signature);
    expect(smaller, one.signature).toMatchObject({ minimal: true });
    expect(smaller!.steps).toBeLessThan(one.steps);
  }
  expect(existsSync(join(directory, '.conformance')), 'what was named is not kept a second time').toBe(false);
});

test('an agent without the fault passes them', () => {
  const ended = conformance('run', '--saved-cases', ...found, '--report', 'good');
  expect(ended.status, ended.stdout).toBe(0);
  expect(reportOf('good').cases).toBe(found.length);
  const { stdout } = conformance('compare', 'good', 'again');
  expect(stdout).not.toMatch(/other cases|not alike: .*(seed|saved cases)/);
});

test('new cases follow when they are asked for', () => {
  const words = ['run', '--saved-cases', found[0]!, '--cases', '30', '--seed', '5', '--report', 'more'];
  expect(conformance(...words).status).toBe(0);
  const report = reportOf('more');
  expect(report).toMatchObject({ cases: 31, seed: '5' });
  expect(report.suites.length).toBeGreaterThan(5);
});

test('what is no case is refused before anything runs', () => {
  writeFileSync(join(directory, 'plan.json'), '{"plan":1}');
  const ended = conformance('run', '--saved-cases', found[0]!, 'plan.json', '--report', 'refused');
  expect([ended.status, ended.stderr]).toEqual([64, expect.stringContaining('plan.json')]);
  expect(existsSync(join(directory, 'refused/report.json'))).toBe(false);
});
