import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { caseOf } from '../report/case-of.js';
import { exampleFinding, exampleResult } from '../report/example-result.js';
import { loadAgentFile, loadCase, loadKnownFailing, loadPlan } from './load-input.js';

let directory: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'conformance-input-'))));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, content: unknown): string {
  const path = join(directory, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const saved = caseOf(exampleResult([exampleFinding()]), exampleFinding());
const agent = { name: 'mine', command: ['./agent', '{{runtime.endpoint}}'], sources: ['file'], features: [] };
const refused = (parts: object): unknown =>
  expect.objectContaining({ name: 'HarnessError', exitCode: 64, ...parts });

test('a case is read back as it was written, as JSON and as YAML', () => {
  expect(loadCase(file('case.json', saved))).toEqual(saved);
  expect(loadCase(file('case.yaml', saved))).toEqual(saved);
  expect(loadPlan(file('plan.json', saved.plan))).toEqual(saved.plan);
});

test('a malformed case says where, what was expected and what was there', () => {
  const plan = { ...saved.plan, steps: [{ id: 's1', do: 'add', source: 'file', pod: 'first', spec: 0 }] };
  expect(() => loadCase(file('bad.json', { ...saved, plan }))).toThrowError(
    refused({
      code: 'case-malformed',
      file: join(directory, 'bad.json'),
      path: 'plan.steps[0].pod',
      expected: 'number',
      got: '"first"',
      hint: expect.stringContaining('cases/') as string,
    }),
  );
});

test('the problem inside an alternative is named, not the alternative', () => {
  const faults = [{ at: { call: 'StopContainer', nth: 0 }, effect: 'hang' }];
  expect(() => loadPlan(file('fault.json', { ...saved.plan, faults }))).toThrowError(
    refused({ path: 'faults[0].at.nth', got: '0' }),
  );
});

test.each([
  ['an unknown field', { ...saved, wat: 1 }, { got: 'unknown field wat' }],
  ['a missing field', { ...saved, signature: undefined }, { path: 'signature', got: 'nothing' }],
  [
    'an unknown step',
    { ...saved, plan: { ...saved.plan, steps: [{ id: 's', do: 'fly' }] } },
    { path: 'plan.steps[0].do', got: '"fly"' },
  ],
  ['a list', [], { path: '(the whole file)', got: '[]' }],
])('a case with %s', (_name, content, parts) => {
  expect(() => loadCase(file('case.json', content))).toThrowError(
    refused({ code: 'case-malformed', ...parts }),
  );
});

test.each([
  ['the case', { ...saved, case: 2 }, 'case-newer'],
  ['the plan in it', { ...saved, plan: { ...saved.plan, plan: 7 } }, 'plan-newer'],
])('%s from a newer version is told from a malformed one', (_name, content, code) => {
  expect(() => loadCase(file('newer.json', content))).toThrowError(
    refused({
      code,
      got: expect.stringMatching(/format version [27]/) as string,
      hint: 'Update node-agent-conformance.',
    }),
  );
});

test('files that are missing, directories, not JSON, or far too large', () => {
  expect(() => loadCase(join(directory, 'none.json'))).toThrowError(
    refused({ code: 'case-unreadable', got: expect.stringContaining('ENOENT') as string }),
  );
  mkdirSync(join(directory, 'folder.json'));
  expect(() => loadCase(join(directory, 'folder.json'))).toThrowError(
    refused({ got: expect.stringContaining('EISDIR') as string }),
  );
  expect(() => loadCase(file('half.json', '{"case": 1,'))).toThrowError(refused({ expected: 'JSON' }));
  expect(() => loadCase(file('big.json', ' '.repeat(17 * 1024 * 1024)))).toThrowError(
    refused({ expected: 'at most 16 MiB' }),
  );
});

test('YAML aliases that explode are refused quickly', async () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 12; level++) {
    lines.push(
      `a${level}: &a${level} [${Array(9)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  }
  const startedMs = performance.now();
  await expect(loadAgentFile(file('bomb.yaml', lines.join('\n')))).rejects.toThrowError(
    refused({ code: 'agent-file-malformed' }),
  );
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});

test('an agent file is read from YAML and from a module', async () => {
  expect(await loadAgentFile(file('agent.yaml', agent))).toEqual(agent);
  expect(
    await loadAgentFile(file('agent.ts', `export default ${JSON.stringify(agent)} satisfies object;`)),
  ).toEqual(agent);
});

test.each([
  ['an unknown feature', { features: ['flying'] }, { path: 'features[0]', got: '"flying"' }],
  ['an unknown source', { sources: ['smoke'] }, { path: 'sources[0]', got: '"smoke"' }],
  [
    'an unknown placeholder',
    { command: './a {{runtime.endpiont}}' },
    { path: 'command', got: '{{runtime.endpiont}}' },
  ],
  ['an unknown placeholder in the environment', { env: { X: '{{ x }}' } }, { path: 'env.X', got: '{{x}}' }],
  ['an unknown period', { timings: { relistMs: 5, wat: 1 } }, { path: 'timings', got: 'unknown field wat' }],
  ['no command', { command: [] }, { path: 'command' }],
])('an agent file with %s', async (_name, parts, problem) => {
  await expect(loadAgentFile(file('agent.yaml', { ...agent, ...parts }))).rejects.toThrowError(
    refused({ code: 'agent-file-malformed', ...problem }),
  );
});

test('a known-failing file is plain text, YAML or JSON', () => {
  const expected = [{ requirement: 'MUX-*' }, { requirement: 'TERM-01', subject: 'static pod' }];
  expect(loadKnownFailing(file('known.txt', '# ours\nMUX-*\n\nTERM-01 static pod # bug 7\n'))).toEqual(
    expected,
  );
  expect(
    loadKnownFailing(file('known.yaml', '- MUX-*\n- requirement: TERM-01\n  subject: static pod\n')),
  ).toEqual(expected);
  expect(loadKnownFailing(file('known.json', { knownFailing: expected }))).toEqual(expected);
  expect(loadKnownFailing(file('empty.yaml', '# nothing yet\n'))).toEqual([]);
  expect(() => loadKnownFailing(file('wrong.yaml', 'requirement: MUX-01'))).toThrowError(
    refused({ code: 'known-failing-malformed' }),
  );
});
