import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../core/package-root.js';
import { reportSchema } from '../report/json.js';

const main = join(packageRoot(), 'dist/harness/cli/main.js');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function conformance(words: readonly string[], cwd = tmpdir()): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...words],
      { cwd, env: { ...process.env, CI: 'true', FORCE_COLOR: '' }, maxBuffer: 1 << 24 },
      (error, out, err) => {
        resolve({ code: error === null ? 0 : ((error as { code?: number }).code ?? -1), out, err });
      },
    );
  });
}

const parent = mkdtempSync(join(tmpdir(), 'conformance-cli-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const newDirectory = (): string => mkdtempSync(join(parent, 'test-'));

describe('conformance run', () => {
  let directory: string;
  let first: Ended;
  beforeAll(async () => {
    directory = newDirectory();
    first = await conformance(
      [
        'run',
        '--agent',
        'mutant:ignores-grace',
        '--cases',
        '400',
        '--seed',
        '1',
        '--bail',
        '--report',
        'out',
      ],
      directory,
    );
  }, 120_000);

  test('a broken agent: exit 1, the requirement, minimal steps, and a line that replays it', () => {
    expect(first.code).toBe(1);
    expect(first.out).toMatch(/TERM-01|MUX-03|MUX-04/);
    expect(first.out).toContain('npx conformance replay');
  });

  test('the report folder is what scripts are promised', () => {
    const report = reportSchema.parse(JSON.parse(readFileSync(join(directory, 'out/report.json'), 'utf8')));
    expect(report).toMatchObject({ exitCode: 1, world: 'sim', runtime: 'memory', seed: '1' });
    const finding = report.verdicts.flatMap((verdict) => verdict.findings)[0]!;
    expect(readdirSync(join(directory, 'out/cases'))).toContain(finding.case.split('/').at(-1));
    expect(readdirSync(join(directory, 'out'))).toEqual(
      expect.arrayContaining(['index.html', 'junit.xml', 'report.json', 'cases']),
    );
  });

  test('every case replays identically and still fails', async () => {
    for (const name of readdirSync(join(directory, 'out/cases'))) {
      const replayed = await conformance(['replay', `out/cases/${name}`], directory);
      expect(replayed.code).toBe(1);
      expect(replayed.out.split('\n')).toContain('identical');
    }
  }, 60_000);

  test('with another agent a case no longer fails, and the first event that differs is named', async () => {
    const [name] = readdirSync(join(directory, 'out/cases'));
    const replayed = await conformance(['replay', `out/cases/${name}`, '--agent', 'reference'], directory);
    expect(replayed.code).toBe(0);
    expect(replayed.out).toContain('no longer fails');
    expect(replayed.out).toMatch(/^diverged at event \d+$/m);
  });

  test('what failed runs first next time, and is forgotten once it passes', async () => {
    const kept = join(directory, '.conformance/corpus/mutant_ignores-grace/failures');
    expect(readdirSync(kept).length).toBeGreaterThan(0);
    const again = await conformance(
      [
        'run',
        '--agent',
        'mutant:ignores-grace',
        '--cases',
        '1',
        '--seed',
        '2',
        '--no-shrink',
        '--report',
        'again',
      ],
      directory,
    );
    expect(again.code).toBe(1);
    cpSync(kept, join(directory, '.conformance/corpus/reference/failures'), { recursive: true });
    const healthy = await conformance(
      ['run', '--cases', '1', '--seed', '2', '--report', 'healthy'],
      directory,
    );
    expect(healthy.code).toBe(0);
    expect(readdirSync(join(directory, '.conformance/corpus/reference/failures'))).toEqual([]);
  });

  test('progress names the suites that run, and the time that is left', { timeout: 60_000 }, async () => {
    const words = ['run', '--suite', 'mux,file', '--time', '6s', '--jobs', '1', '--report', 'out'];
    const { err } = await conformance(words, newDirectory());
    expect(err).toMatch(/^mux, file · [\d,]+ cases .* left$/m);
  });

  test('the number of threads changes no result', async () => {
    const directories = [newDirectory(), newDirectory()];
    await Promise.all(
      directories.map((cwd, index) =>
        conformance(
          [
            'run',
            '--cases',
            '150',
            '--seed',
            '7',
            '--jobs',
            String(index + 1),
            '--report',
            'out',
            '--agent',
            'mutant:ignores-grace',
          ],
          cwd,
        ),
      ),
    );
    const [one, two] = directories.map((cwd) => {
      const { wallSeconds: _, ...rest } = JSON.parse(
        readFileSync(join(cwd, 'out/report.json'), 'utf8'),
      ) as Record<string, unknown>;
      return rest;
    });
    expect(one).toEqual(two);
  }, 120_000);
});

describe('bad input', () => {
  test.each([
    [['run', '--agent', 'mutant:no-such'], 64, /no-such/],
    [['run', '--agent', './nowhere.yaml'], 64, /nowhere\.yaml/],
    [['run', '--suite', 'no-such'], 64, /no-such/],
    [['run', '--requirement', 'NO-99'], 64, /NO-99/],
    [['run', '--cases', 'many'], 64, /whole number/],
    [['replay', './nowhere.json'], 64, /nowhere\.json/],
    [['frobnicate'], 64, /frobnicate/],
  ])('%j', async (words, code, message) => {
    const ended = await conformance(words);
    expect(ended.code).toBe(code);
    expect(ended.err).toMatch(message);
    expect(ended.err).not.toContain('    at ');
  });

  test('a case from a newer version is named as such', async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, 'case.json'), JSON.stringify({ case: 99 }));
    const ended = await conformance(['replay', 'case.json'], directory);
    expect(ended.code).toBe(64);
    expect(ended.err).toMatch(/newer/);
  });

  test('a report folder that cannot be written is found out', async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, 'file'), '');
    const ended = await conformance(['run', '--cases', '5', '--report', 'file/out'], directory);
    expect(ended.code).toBe(69);
    expect(ended.err).toContain('file/out');
  });
});

test('a user module runs in virtual time', async () => {
  const directory = newDirectory();
  const ended = await conformance(
    [
      'run',
      '--agent',
      join(packageRoot(), 'examples/small-agent.ts'),
      '--cases',
      '40',
      '--seed',
      '3',
      '--report',
      'out',
      '--no-shrink',
    ],
    directory,
  );
  const report = reportSchema.parse(JSON.parse(readFileSync(join(directory, 'out/report.json'), 'utf8')));
  expect([0, 1]).toContain(ended.code);
  expect(report.warnings).toEqual([]);
  expect(report.simulatedSeconds).toBeGreaterThan(40 * 5);
  expect(report.cases).toBe(40);
}, 60_000);

test('a trace of the report is judged again, and what is none is refused', async () => {
  const directory = newDirectory();
  const words = ['run', '--agent', 'mutant:blind-to-uid', '--cases', '100', '--seed', '1', '--bail'];
  expect((await conformance([...words, '--report', 'out'], directory)).code).toBe(1);
  const report = reportSchema.parse(JSON.parse(readFileSync(join(directory, 'out/report.json'), 'utf8')));
  const finding = report.verdicts.flatMap((verdict) => verdict.findings)[0]!;
  const judged = await conformance(['judge', join('out', finding.trace!)], directory);
  expect(judged.code).toBe(1);
  expect(judged.out).toContain(`FAIL ${finding.requirement}`);
  expect(judged.out).toContain(finding.seen);
  const refused = await conformance(['judge', join('out', finding.case)], directory);
  expect([refused.code, refused.err]).toEqual([64, expect.stringContaining('not a trace')]);
  expect((await conformance(['judge', 'none.ndjson'], directory)).code).toBe(64);
});

test('plans that reached much are kept, and run first next time', async () => {
  const directory = newDirectory();
  const run = (cases: string) => conformance(['run', '--cases', cases, '--seed', '1'], directory);
  expect((await run('80')).code).toBe(0);
  const kept = readdirSync(join(directory, '.conformance/corpus/reference/states')).length;
  expect(kept).toBeGreaterThan(5);
  await run('16');
  const report = reportSchema.parse(
    JSON.parse(readFileSync(join(directory, 'conformance-report/report.json'), 'utf8')),
  );
  expect(report.cases).toBe(16 + Math.min(4, kept));
});
