import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../core/package-root.js';
import type { Comparison } from '../report/compare-reports.js';

const main = join(packageRoot(), 'dist/harness/cli/main.js');
const directory = mkdtempSync(join(tmpdir(), 'conformance-compare-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function conformance(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...words], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, CI: 'true', FORCE_COLOR: '' },
  });
}

beforeAll(() => {
  const campaign = ['--suite', 'termination', '--seed', '1', '--cases', '100', '--format', 'text'];
  expect(conformance('run', ...campaign, '--report', 'good').status).toBe(0);
  const mutant = ['--agent', 'mutant:sandbox-before-containers'];
  expect(conformance('run', ...mutant, ...campaign, '--report', 'bad').status).toBe(1);
}, 120_000);

describe('conformance compare', () => {
  test('one that has become worse: exit 1, with the minimal case that tells them apart', () => {
    const { status, stdout } = conformance('compare', 'good', 'bad');
    expect(status).toBe(1);
    expect(stdout).toMatch(/TERM-02 +order +pass \d+× +fail \d+× +✗ worse/);
    expect(stdout).toMatch(/Only the second breaks TERM-02[^]*none can be left out[^]*1\. add pod/);
    const [, path = ''] = /Case +(bad\/cases\/term-02\S+\.json)/.exec(stdout) ?? [];
    expect(conformance('replay', path).stdout).toContain('still fails: TERM-02');
  });

  test('one that has become better, and one that is the same: exit 0', () => {
    const better = conformance('compare', 'bad', 'good/report.json');
    expect(better.status).toBe(0);
    expect(better.stdout).toMatch(/TERM-02 .*✓ better/);
    expect(better.stdout).toContain('Only the first breaks TERM-02');
    const same = conformance('compare', 'bad', 'bad');
    expect(same.status).toBe(0);
    expect(same.stdout).toContain('Neither is worse.');
  });

  test('--json has every requirement, the verdicts and the cases', () => {
    const { status, stdout } = conformance('compare', 'good', 'bad', '--json');
    const comparison = JSON.parse(stdout) as Comparison;
    expect(status).toBe(1);
    expect(comparison).toMatchObject({ comparison: 1, first: { directory: 'good' }, unlike: [] });
    const order = comparison.requirements.find(({ requirement }) => requirement === 'TERM-02')!;
    expect(order).toMatchObject({
      change: 'worse',
      first: { verdict: 'pass' },
      second: { verdict: 'fail' },
      onlyFirst: [],
    });
    expect(order.onlySecond[0]).toMatchObject({ minimal: true, case: expect.stringMatching(/^cases\//) });
  });
});

describe('campaigns at one seed that ran other cases', () => {
  const campaign = ['run', '--seed', '1', '--cases', '4', '--no-shrink', '--quiet'];

  test('since one had cases of earlier campaigns', () => {
    expect(conformance(...campaign, '--suite', 'termination', '--report', 'kept').status).toBe(0);
    const { stdout } = conformance('compare', 'good', 'kept');
    expect(stdout).toMatch(/not alike: number of cases, cases of earlier campaigns\./);
    expect(stdout).toMatch(/other cases: [^]*cases of earlier campaigns +0 → 1$/m);
  });

  test('since the agents have other sources and periods', () => {
    const agent = (sources: string, features: string): string =>
      `export const sources = ${sources}; export const features = ${features};
       export function createAgent() { return { start() {}, stop() {} }; }`;
    writeFileSync(join(directory, 'one.mjs'), agent(`['file', 'http']`, `['settable-timings']`));
    writeFileSync(join(directory, 'other.mjs'), agent(`['file']`, `['restart-policy']`));
    conformance(...campaign, '--agent', './one.mjs', '--report', 'one');
    conformance(...campaign, '--agent', './other.mjs', '--report', 'other');
    const { stdout } = conformance('compare', 'one', 'other');
    expect(stdout).toMatch(/^ +sources +file, http → file$/m);
    expect(stdout).toMatch(/^ +features +− settable-timings, \+ restart-policy$/m);
    expect(stdout).toMatch(/^ +declared periods +none → as declared$/m);
  });

  test('since one let them share an agent', { timeout: 180_000 }, () => {
    const live = [...campaign, '--world', 'live', '--suite', 'termination', '--cases', '1'];
    conformance(...live, '--report', 'alone');
    conformance(...live, '--share-agent', '--report', 'shared');
    const { stdout } = conformance('compare', 'alone', 'shared');
    expect(stdout).toMatch(/^ +shared agent +no → yes$/m);
  });
});

describe('reports that cannot be compared', () => {
  const changed = (name: string, change: (report: Record<string, unknown>) => void): string => {
    const report = JSON.parse(readFileSync(join(directory, 'good/report.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    change(report);
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'report.json'), JSON.stringify(report));
    return name;
  };

  test.each([
    ['a folder that is not there', () => 'nowhere', /report cannot be read[^]*nowhere[^]*no such file/],
    ['a folder without a report', () => '.', /report cannot be read[^]*report\.json/],
    [
      'a newer format',
      () => changed('newer', (report) => (report['report'] = 2)),
      /newer version[^]*format version 1 or older[^]*format version 2[^]*Update/,
    ],
    [
      'a malformed one',
      () => changed('malformed', (report) => (report['verdicts'] = 'none')),
      /report is malformed[^]*verdicts[^]*array/,
    ],
  ])('%s: exit 64', (_what, make, message) => {
    const { status, stdout, stderr } = conformance('compare', 'good', make());
    expect({ status, stdout }).toEqual({ status: 64, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('one alone: exit 64, and the help has an example', () => {
    const { status, stderr } = conformance('compare', 'good');
    expect(status).toBe(64);
    expect(stderr).toContain('conformance compare --help');
    expect(conformance('compare', '--help').stdout).toContain('conformance compare old new');
  });
});
