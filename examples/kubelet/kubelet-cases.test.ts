/** What campaigns found in kubelets: cases that another agent passes and, where one is at hand, a kubelet fails. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { CaseFile } from '../../harness/spec/case-file.js';

const main = fileURLToPath(new URL('../../dist/harness/cli/main.js', import.meta.url));
const directory = fileURLToPath(new URL('.', import.meta.url));
const kubelet = process.env['CONFORMANCE_KUBELET'] ?? '';
if (kubelet === '')
  console.warn('\nCONFORMANCE_KUBELET is not set: NO CASE WAS TRIED WITH A REAL KUBELET.\n');
const cases = readdirSync(directory).filter((name) => name.endsWith('.json'));
/** None of them fails every time on every machine, and the rarest four times in five. */
const attempts = 4;

function caseOf(name: string): CaseFile {
  return JSON.parse(readFileSync(join(directory, name), 'utf8')) as CaseFile;
}

/** `v1.36` of any text with a version of Kubernetes in it. */
function minorOf(text: string | undefined): string {
  return /v\d+\.\d+/.exec(text ?? '')?.[0] ?? '';
}

function replay(
  name: string,
  ...words: string[]
): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, 'replay', join(directory, name), ...words],
    { encoding: 'utf8' },
  );
  return { status, output: `${stdout}${stderr}` };
}

test('every case is about something that the file of known failures names', () => {
  const known = parse(readFileSync(join(directory, 'known-failing.yaml'), 'utf8')) as {
    requirement: string;
  }[];
  const named = new Set(known.map(({ requirement }) => requirement));
  expect(cases.length).toBeGreaterThan(0);
  for (const name of cases) expect(named).toContain(caseOf(name).requirement);
});

test.each(cases)('%s asks for nothing that cannot be done', (name) => {
  const { status, output } = replay(name, '--agent', 'reference');
  expect(status, output).toBe(0);
});

/** Faults and delays are at the so-manieth call of a kind, and another minor version makes other calls. */
const isFor = (name: string, version: string): boolean => {
  const { agent, plan } = caseOf(name);
  const countsCalls = plan.faults.length > 0 || plan.schedule.length > 0;
  return !countsCalls || minorOf(agent.version) === version;
};
const here = minorOf(kubelet === '' ? '' : spawnSync(kubelet, ['--version'], { encoding: 'utf8' }).stdout);
const tried = kubelet === '' ? [] : cases.filter((name) => isFor(name, here));
const others = cases.length - tried.length;
if (kubelet !== '' && others > 0)
  console.warn(
    `\n${others} OF ${cases.length} CASES WERE FOUND IN ANOTHER VERSION THAN ${here} AND NOT TRIED.\n`,
  );

describe.runIf(kubelet !== '')('a real kubelet', () => {
  test('says its version', () => expect(here).not.toBe(''));

  test.each(tried)('fails %s', { timeout: 900_000 }, (name) => {
    for (let attempt = 1; ; attempt++) {
      const { status, output } = replay(name, '--agent-binary', kubelet);
      if (status === 1) return;
      if (attempt === attempts) expect.fail(output);
    }
  });
});
