import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { publint } from 'publint';
import { packageRoot } from '../../harness/core/package-root.js';

const directory = mkdtempSync(join(tmpdir(), 'conformance-package-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(program: string, words: readonly string[], cwd = directory): string {
  return execFileSync(program, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

test('the packed package works in an empty directory', { timeout: 300_000 }, () => {
  const packed = run(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory],
    packageRoot(),
  )
    .trim()
    .split('\n')
    .at(-1)!;
  writeFileSync(join(directory, 'package.json'), '{ "name": "user", "private": true, "type": "module" }');
  run('npm', ['install', '--no-audit', '--no-fund', '--silent', `./${packed}`]);
  const out = run('npx', ['conformance', 'run', '--cases', '30', '--seed', '1']);
  expect(out).toContain('Conforms');
  const report = JSON.parse(readFileSync(join(directory, 'conformance-report/report.json'), 'utf8')) as {
    exitCode: number;
    cases: number;
  };
  expect(report).toMatchObject({ exitCode: 0, cases: 30 });
  expect(existsSync(join(directory, 'conformance-report/index.html'))).toBe(true);

  writeFileSync(
    join(directory, 'use.mjs'),
    `import { runConformance } from 'node-agent-conformance';
     const result = await runConformance({ cases: 10, seed: '1', jobs: 1 });
     console.log(result.verdicts.length, result.exitCode);`,
  );
  expect(run(process.execPath, ['use.mjs'])).toMatch(/^109 [02]$/m);
});

// npm links a clone's command once, and makes it executable only then: a clone that is cleaned and built again, or
// another one in its place, has to bring a command that can be run.
test('a build leaves a command that can be executed', { timeout: 120_000 }, () => {
  const command = join(packageRoot(), 'dist/harness/cli/main.js');
  chmodSync(command, 0o644);
  run('npm', ['run', '-s', 'build'], packageRoot());
  expect(statSync(command).mode & 0o111).toBe(0o111);
});

test('publint finds no problem in the package', async () => {
  const { messages } = await publint({ pkgDir: packageRoot(), level: 'warning' });
  expect(messages).toEqual([]);
});
