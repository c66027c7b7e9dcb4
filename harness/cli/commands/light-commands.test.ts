import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { packageVersion } from '../../core/package-root.js';
import { requirements } from '../../spec/requirements.js';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

function conformance(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--import', 'tsx', main, ...words], {
    encoding: 'utf8',
    timeout: 50_000,
  });
}

test('--version prints the version of the package', () => {
  expect(conformance('--version')).toMatchObject({ status: 0, stdout: `${packageVersion()}\n`, stderr: '' });
});

test('list requirements --json is an array of objects with id and name', () => {
  const { status, stdout } = conformance('list', 'requirements', '--json');
  const items = JSON.parse(stdout) as { id: string; name: string; description: string }[];
  expect(status).toBe(0);
  expect(items.map(({ id }) => id)).toEqual(requirements.map(({ id }) => id));
  expect(items[0]).toMatchObject({
    name: requirements[0]!.id,
    description: requirements[0]!.title,
    level: 'MUST',
  });
});

test('list suites --json names each suite and the requirements it aims at', () => {
  const items = JSON.parse(conformance('list', 'suites', '--json').stdout) as { requirements: string[] }[];
  expect(items.length).toBeGreaterThan(0);
  for (const item of items) {
    expect(item).toMatchObject({ name: expect.stringMatching(/^[a-z-]+$/), description: expect.any(String) });
    expect(item.requirements.length).toBeGreaterThan(0);
  }
});

test('explain prints a requirement, whatever the case of its name', () => {
  const { status, stdout } = conformance('explain', 'work-01');
  expect(status).toBe(0);
  expect(stdout).toContain('WORK-01 ≤1 running container per (pod UID, container name) (MUST)');
  expect(stdout).toContain('At no time two running containers share UID and name');
});

test('an unknown requirement is exit code 64, on standard error, with those of the same family', () => {
  const { status, stdout, stderr } = conformance('explain', 'WORK-99');
  expect({ status, stdout }).toEqual({ status: 64, stdout: '' });
  expect(stderr).toContain('error There is no requirement WORK-99.');
  expect(stderr).toMatch(/expected +one of: WORK-01, WORK-02/);
});

test('wrong usage is exit code 64 and points to the help', () => {
  const { status, stderr } = conformance('run', '--cases', 'many');
  expect(status).toBe(64);
  expect(stderr).toMatch(/--cases.*whole number[^]*hint.*conformance run --help/);
});

test('doctor says what works, as text and as JSON', () => {
  expect(conformance('doctor')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/✓ node +Node \d+/),
  });
  const checks = JSON.parse(conformance('doctor', '--json').stdout) as { name: string }[];
  expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['node', 'unix sockets', 'docker']));
});
