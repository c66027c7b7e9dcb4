import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveRunOptions } from './config.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'conformance-config-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('everything has a default', async () => {
  expect(await resolveRunOptions({}, { directory })).toEqual({
    agent: 'reference',
    runtime: 'memory',
    suites: [],
    requirements: [],
    bail: false,
    report: 'conformance-report',
    formats: ['text', 'json', 'junit', 'html'],
    shrink: true,
    quiet: false,
    verbose: false,
  });
});

test.each([
  [
    'conformance.config.yaml',
    'agent: ./a.ts\nsuite: mux\ntime: 5m\nformat: [json]\nseed: 7\nshrink: false\n',
  ],
  [
    'conformance.config.ts',
    "const time: string = '5m';\nexport default { agent: './a.ts', suite: 'mux', time, format: ['json'], seed: 7, shrink: false };\n",
  ],
])('%s sets the same names, and the command line wins', async (name, text) => {
  writeFileSync(join(directory, name), text);
  const configured = {
    agent: join(directory, 'a.ts'),
    suites: ['mux'],
    timeMs: 300_000,
    formats: ['json'],
    seed: '7',
  };
  expect(await resolveRunOptions({}, { directory })).toMatchObject({ ...configured, shrink: false });
  expect(await resolveRunOptions({ seed: '8', suites: ['http'], shrink: true }, { directory })).toMatchObject(
    {
      ...configured,
      seed: '8',
      suites: ['http'],
      shrink: true,
    },
  );
});

test.each([
  ['kubelet', './kubelet', 'kubelet', 'beside'],
  ['kubelet:standalone', 'kubelet-1.36', 'kubelet:standalone', 'as it is'],
])('the kubelet %s is no path, its program %s may be one', async (agent, agentBinary, asAgent, how) => {
  writeFileSync(join(directory, 'other.yaml'), `agent: '${agent}'\nagentBinary: ${agentBinary}\n`);
  expect(await resolveRunOptions({}, { directory, config: 'other.yaml' })).toMatchObject({
    agent: asAgent,
    agentBinary: how === 'beside' ? join(directory, agentBinary) : agentBinary,
  });
});

test('saved cases lie beside the configuration', async () => {
  writeFileSync(join(directory, 'other.yaml'), 'savedCases: [cases/a.json]\n');
  expect(await resolveRunOptions({}, { directory, config: 'other.yaml' })).toMatchObject({
    savedCases: [join(directory, 'cases/a.json')],
  });
});

test.each([
  ['wat: 1', 'unknown field wat', '(the whole file)'],
  ['cases: many', '"many"', 'cases'],
  ['time: soon', '"soon"', 'time'],
  ['runtime: podman', '"podman"', 'runtime'],
])('the configuration "%s" is refused', async (text, got, path) => {
  writeFileSync(join(directory, 'other.yaml'), text);
  await expect(resolveRunOptions({}, { directory, config: 'other.yaml' })).rejects.toMatchObject({
    name: 'HarnessError',
    code: 'config-malformed',
    exitCode: 64,
    got,
    path,
    file: join(directory, 'other.yaml'),
  });
});

test('a configuration file that was asked for and is missing is an error', async () => {
  for (const config of ['none.yaml', 'none.ts']) {
    await expect(resolveRunOptions({}, { directory, config })).rejects.toMatchObject({
      code: 'config-unreadable',
      exitCode: 64,
    });
  }
});
