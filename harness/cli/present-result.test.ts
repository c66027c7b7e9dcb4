import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { exampleFinding, exampleResult } from '../report/example-result.js';
import { presentResult } from './present-result.js';

let directory: string;
let printed: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'conformance-present-'));
  printed = '';
  for (const name of ['NO_COLOR', 'FORCE_COLOR']) vi.stubEnv(name, '');
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

const failing = exampleResult([exampleFinding()]);
const options = () => ({
  report: join(directory, 'out'),
  formats: ['text'] as const,
  quiet: false,
  verbose: false,
});

test('prints the text, writes the folder, and gives the exit code of the result', () => {
  vi.stubEnv('GITHUB_ACTIONS', '');
  expect(presentResult(failing, options())).toBe(1);
  expect(printed).toContain('FAIL WORK-01');
  expect(printed).not.toContain('::error');
  expect(existsSync(join(directory, 'out/report.json'))).toBe(true);
});

test.each([
  [{ CI: 'true' }, false],
  [{ FORCE_COLOR: '1' }, true],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false],
])('where nobody watches, colours are for %j: %s', (environment, isColored) => {
  vi.stubEnv('GITHUB_ACTIONS', '');
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  presentResult(failing, options());
  expect(printed.includes('\u001b')).toBe(isColored);
});

test('without text among the formats nothing is printed', () => {
  vi.stubEnv('GITHUB_ACTIONS', '');
  presentResult(failing, { ...options(), formats: ['json'] });
  expect(printed).toBe('');
});

test('in GitHub Actions it annotates and writes the step summary', () => {
  const summary = join(directory, 'summary.md');
  vi.stubEnv('GITHUB_ACTIONS', 'true');
  vi.stubEnv('GITHUB_STEP_SUMMARY', summary);
  presentResult(failing, options());
  expect(printed).toMatch(/^::error title=WORK-01/m);
  expect(readFileSync(summary, 'utf8')).toContain('Does not conform');
});

test('a step summary that cannot be written does not hide the outcome', () => {
  const complaint = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.stubEnv('GITHUB_ACTIONS', 'true');
  vi.stubEnv('GITHUB_STEP_SUMMARY', join(directory, 'none/summary.md'));
  expect(presentResult(failing, options())).toBe(1);
  expect(complaint).toHaveBeenCalledWith(expect.stringContaining('cannot be written'));
  expect(existsSync(join(directory, 'out/report.json'))).toBe(true);
});
