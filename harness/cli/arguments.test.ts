import { expect, test } from 'vitest';
import { parseDuration } from './argument-values.js';
import { parseArguments } from './arguments.js';

const parse = (line: string) => parseArguments(line.split(' ').filter(Boolean), '1.2.3');

test('run passes on only what was said', () => {
  expect(parse('run')).toEqual({ command: 'run', options: {} });
  expect(parse('run --share-agent')).toEqual({ command: 'run', options: { shareAgent: true } });
  expect(parse('run --no-share-agent')).toEqual({ command: 'run', options: { shareAgent: false } });
  expect(parse('run --no-shrink --bail')).toEqual({ command: 'run', options: { shrink: false, bail: true } });
});

test('saved cases may be several words, as a shell makes of a pattern', () => {
  expect(parse('run --saved-cases a.json b,c.json --saved-cases d.json --seed 1')).toEqual({
    command: 'run',
    options: { savedCases: ['a.json', 'b,c.json', 'd.json'], seed: '1' },
  });
});

test('run reads every option of the contract', () => {
  const line =
    'run --agent a.yaml --world live --runtime cri:unix:///x --suite one --suite two,three --requirement MUX-* ' +
    '--seed 7 --cases 12 --time 5m --jobs 2 --known-failing k.txt --report out --format text --format json,html ' +
    '--quiet --verbose --config c.yaml';
  expect(parse(line)).toEqual({
    command: 'run',
    config: 'c.yaml',
    options: {
      agent: 'a.yaml',
      world: 'live',
      runtime: 'cri:unix:///x',
      suites: ['one', 'two', 'three'],
      requirements: ['MUX-*'],
      seed: '7',
      cases: 12,
      timeMs: 300_000,
      jobs: 2,
      knownFailing: 'k.txt',
      report: 'out',
      formats: ['text', 'json', 'html'],
      quiet: true,
      verbose: true,
    },
  });
});

test('the other commands', () => {
  expect(parse('replay c.json --world sim')).toEqual({
    command: 'replay',
    options: { casePath: 'c.json', world: 'sim', verbose: false },
  });
  expect(parse('list mutants --json')).toEqual({ command: 'list', options: { what: 'mutants', json: true } });
  expect(parse('explain MUX-01')).toEqual({
    command: 'explain',
    options: { requirement: 'MUX-01', json: false },
  });
  expect(parse('doctor')).toEqual({ command: 'doctor', options: { json: false } });
  expect(parse('serve --time 2')).toMatchObject({
    command: 'serve',
    options: { runtime: 'memory', suites: [], requirements: [], timeMs: 2_000, report: 'conformance-report' },
  });
  expect(parse('agent --runtime-endpoint unix:///x --manifest-directory /m')).toMatchObject({
    command: 'agent',
    options: {
      runtimeEndpoint: 'unix:///x',
      manifestDirectory: '/m',
      nodeName: 'node-1',
      timings: 'kubelet',
    },
  });
});

test.each([
  ['run --cases 0', /whole number/],
  ['run --cases 1e400', /whole number/],
  ['run --time soon', /duration/],
  ['run --world moon', /sim, live/],
  ['run --runtime podman', /memory, docker/],
  ['run --format pdf', /text, json, junit, html/],
  ['run --wat', /unknown option '--wat'/],
  ['run extra', /too many arguments/],
  ['frobnicate', /unknown command/],
  ['list things', /requirements, suites, mutants/],
  ['replay', /missing required argument/],
  ['agent', /--runtime-endpoint/],
])('wrong usage of "%s" is exit code 64', (line, message) => {
  expect(() => parse(line)).toThrowError(
    expect.objectContaining({ name: 'HarnessError', exitCode: 64, message: expect.stringMatching(message) }),
  );
});

test('help has examples and the exit codes; the version is the one given', () => {
  expect(parse('--version')).toEqual({ command: 'text', text: '1.2.3\n' });
  for (const line of ['', '--help', 'run --help', 'replay --help']) {
    expect(parse(line)).toMatchObject({ command: 'text', text: expect.stringContaining('Examples:') });
  }
  expect(parse('--help')).toMatchObject({ text: expect.stringContaining('69 something needed') });
});

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['12', 12_000],
  ['-1s', undefined],
  ['', undefined],
])('the duration %j', (text, ms) => expect(parseDuration(text)).toBe(ms));
