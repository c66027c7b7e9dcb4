import { create } from 'xmlbuilder2';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { HarnessError } from '../core/errors.js';
import { requirements } from '../spec/requirements.js';
import { exampleFinding, exampleResult, hostileFinding } from './example-result.js';
import { htmlReport } from './html.js';
import { githubAnnotations, githubSummary } from './github.js';
import { jsonReport, reportSchema } from './json.js';
import { junitReport } from './junit.js';
import { compareKnownFailing } from './known-failing.js';
import type { ReportedFinding } from './result.js';
import { conformanceStatement, reproduceLine } from './statement.js';
import { errorText, textReport } from './text.js';

const passing = exampleResult();
const failing = exampleResult([exampleFinding()]);
const hostile = exampleResult([exampleFinding(), hostileFinding()], { warnings: [hostileFinding().seen] });
// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

test('the terminal says requirement and text, steps, expected and seen, events and how to replay', () => {
  const text = textReport(failing, { colors: false, reportDirectory: 'out' });
  for (const part of [
    'FAIL WORK-01 ≤1 running container per (pod UID, container name) (MUST)',
    '  At no time two running containers share UID and name, under any fault.',
    '  Steps (none can be left out)',
    '     1. add pod web to the manifest directory (version 1)',
    '     while the reply to the 1st StartContainer of web, container main is lost; its effect is not',
    '  Expected at most one running container main of default/web-node-1',
    '  Seen     c1 and c2 ran at the same time',
    '     12.555 s  WORK-01 is violated',
    '  Replay   npx conformance replay conformance-report/cases/WORK-01-static-pod.json',
    'Does not conform: 1 requirement broken (WORK-01).',
    'Report: out',
  ]) {
    expect(text.split('\n')).toContain(part);
  }
});

test('what was seen in an agent that is shared says how its names differ from those of the plan', () => {
  const inLane = exampleResult([findingInLane(3)]);
  const words = 'In an agent that can be shared, the namespaces of this plan end in -lane3.';
  expect(textReport(inLane, { colors: false }).split('\n')).toContain(`  ${words}`);
  expect(htmlReport(inLane)).toContain(words);
  expect(textReport(failing, { colors: false })).not.toContain('-lane');
  expect(htmlReport(failing)).not.toContain('-lane');
});

function findingInLane(lane: number): ReportedFinding {
  const finding = exampleFinding();
  const trace = finding.trace!.map((event) => (event.kind === 'run.started' ? { ...event, lane } : event));
  return { ...finding, trace };
}

test('the terminal lists every requirement only when asked', () => {
  expect(textReport(passing, { colors: false })).not.toContain('TERM-01');
  expect(textReport(passing, { colors: false, verbose: true })).toContain('TERM-01');
});

test('quiet leaves only findings and the outcome', () => {
  expect(textReport(passing, { colors: false, quiet: true })).toMatch(/^Conforms: .*\n$/);
  expect(textReport(failing, { colors: false, quiet: true })).toMatch(/^FAIL WORK-01 [^]*Does not conform/);
});

test('a long failure is cut and says so', () => {
  const finding = exampleFinding();
  const steps = Array.from({ length: 500 }, (_, index) => ({ id: `s${index}`, do: 'settle' as const }));
  const text = textReport(exampleResult([{ ...finding, plan: { ...finding.plan, steps } }]), {
    colors: false,
  });
  expect(text).toContain('… and 461 more (see the report)');
  expect(text.split('\n').length).toBeLessThan(150);
});

test('nothing hostile reaches the terminal', () => {
  expect(textReport(hostile, { colors: false, verbose: true })).not.toMatch(controls);
});

test('an error says what, where, expected and got, and what to do', () => {
  const parts = { code: 'x', message: 'It is wrong.', exitCode: 64, file: 'a.yaml', path: 'b[0]' } as const;
  const error = new HarnessError({ ...parts, expected: 'a number', got: '"\u001b[2J"', hint: 'Fix it.' });
  expect(errorText(error, false)).toBe(
    'error It is wrong.\n  file      a.yaml\n  at        b[0]\n  expected  a number\n' +
      '  got       "\\u001b[2J"\n  hint      Fix it.\n',
  );
});

test('report.json has the names that scripts rely on and fits its schema', () => {
  const report = JSON.parse(JSON.stringify(jsonReport(failing))) as ReturnType<typeof jsonReport>;
  expect(reportSchema.strict().parse(report)).toEqual(report);
  expect(report).toMatchObject({
    suiteVersion: '0.1.0',
    exitCode: 1,
    agent: { name: 'my-agent' },
    world: 'sim',
    runtime: 'memory',
    seed: '42',
    cases: 4_000,
    effectiveSteps: 91_234,
    simulatedSeconds: 203_112,
    wallSeconds: 8.204,
  });
  expect(report.verdicts).toHaveLength(requirements.length);
  const verdict = report.verdicts.find(({ requirement }) => requirement === 'WORK-01');
  expect(verdict).toMatchObject({ verdict: 'fail', exercised: 17 });
  expect(verdict?.findings[0]).toMatchObject({
    requirement: 'WORK-01',
    signature: 'WORK-01 · static pod',
    case: 'cases/WORK-01-static-pod.json',
    steps: 3,
    minimal: true,
  });
  expect(z.toJSONSchema(reportSchema)).toMatchObject({
    type: 'object',
    properties: { verdicts: { type: 'array' } },
  });
});

interface JunitCase {
  readonly name: string;
  readonly failure?: { readonly message: string; readonly text: string };
}

/** Reads JUnit XML with a real parser; refuses characters that XML 1.0 does not allow. */
function parseJunit(xml: string): { root: Record<string, string>; cases: JunitCase[] } {
  // eslint-disable-next-line no-control-regex
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/);
  const document = create(xml).root().node as unknown as Element;
  const attribute = (element: Element, name: string): string => element.getAttribute(name) ?? '';
  const names = ['tests', 'failures', 'errors', 'skipped'];
  return {
    root: Object.fromEntries(names.map((name) => [name, attribute(document, name)])),
    cases: [...document.getElementsByTagName('testcase')].map((element) => {
      const [failure] = element.getElementsByTagName('failure');
      return {
        name: attribute(element, 'name'),
        ...(failure === undefined
          ? {}
          : { failure: { message: attribute(failure, 'message'), text: failure.textContent ?? '' } }),
      };
    }),
  };
}

interface Element {
  readonly textContent: string | null;
  getAttribute(name: string): string | null;
  getElementsByTagName(name: string): Iterable<Element>;
}

test('JUnit has one test case per requirement, and reads back with the failure in it', () => {
  const { root, cases } = parseJunit(junitReport(failing));
  expect(cases).toHaveLength(requirements.length);
  expect(root).toMatchObject({ tests: String(requirements.length), failures: '1', errors: '0' });
  const [failure, ...others] = cases.filter((testCase) => testCase.failure !== undefined);
  expect(others).toEqual([]);
  expect(failure?.name).toContain('WORK-01');
  expect(failure?.failure?.text).toContain('1. add pod web to the manifest directory');
  expect(failure?.failure?.text).toContain('Replay: npx conformance replay');
});

test('JUnit survives hostile text', () => {
  const { cases } = parseJunit(junitReport(hostile));
  const text = cases.map((testCase) => testCase.failure?.text ?? '').join('');
  expect(text).toContain('<script>document.title="owned"</script>');
  expect(text).toContain('\\u001b[2J');
});

test('JUnit does not fail for SHOULDs and known failures, and fails for a stale known-failing file', () => {
  const finding = exampleFinding({ requirement: 'FILE-06', signature: 'FILE-06 · static pod' });
  expect(parseJunit(junitReport(exampleResult([finding]))).root).toMatchObject({ failures: '0' });
  const known = compareKnownFailing(failing.verdicts, [{ requirement: 'WORK-01' }]);
  const excused = parseJunit(junitReport(exampleResult([exampleFinding()], { knownFailing: known })));
  expect(excused.root).toMatchObject({ failures: '0', tests: String(requirements.length + 1) });
  const stale = compareKnownFailing(passing.verdicts, [{ requirement: 'WORK-01' }]);
  const failed = parseJunit(junitReport(exampleResult([], { knownFailing: stale })));
  expect(failed.root).toMatchObject({ failures: '1' });
  expect(failed.cases.at(-1)?.failure?.message).toBe('WORK-01 is listed but passes');
});

test('GitHub gets one annotation per finding, and hostile text adds none', () => {
  expect(githubAnnotations(failing)).toMatch(/^::error title=WORK-01 .*::static pod .*\n$/);
  const lines = githubAnnotations(hostile).trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatch(/^::error title=/);
  expect(githubAnnotations(passing)).toBe('');
});

test('the step summary counts by group and shows hostile text as text', () => {
  expect(githubSummary(failing)).toContain('| Workers, identity, re-sync | 1 |  | 5 |  |  |');
  // Markdown leaves the inside of <pre> alone; everywhere else its own characters must be escaped.
  expect(githubSummary(hostile).replace(/<pre>.*<\/pre>/g, '')).not.toMatch(/\*\*bold|[^\\]`code/);
  expect(githubSummary(hostile)).not.toMatch(/<script|<img/);
});

test('the statement says what was left out and how to check it', () => {
  const statement = conformanceStatement(failing);
  expect(statement).toContain('- Agent: my-agent 2.3.4');
  expect(statement).toContain('## Not applicable\n\n- MIRR-01');
  expect(statement).toContain('(the agent does not declare mirror-pods)');
  expect(statement).toContain('## Not fulfilled\n\n- WORK-01');
  expect(statement).toContain(reproduceLine(failing));
  expect(reproduceLine({ ...failing, seed: "it's" })).toBe(
    "npx node-agent-conformance@0.1.0 run --agent ./agent.yaml --world sim --runtime memory --seed 'it'\\''s' --cases 4000",
  );
  const shared = { ...failing, world: 'live', sharesAgent: true, repeatedCases: 30 } as const;
  expect(reproduceLine(shared)).toMatch(/ --share-agent --seed \S+ --cases 3970$/);
  expect(reproduceLine({ ...shared, sharesAgent: false })).toContain(' --no-share-agent ');
  const savedCases = [
    { file: 'a b.json', plan: 'f00' },
    { file: 'c.json', plan: 'ba5' },
  ];
  expect(reproduceLine({ ...failing, savedCases })).toMatch(
    / --seed 42 --cases 3998 --saved-cases 'a b\.json' c\.json$/,
  );
  expect(reproduceLine({ ...failing, cases: 2, savedCases })).toMatch(
    / --runtime memory --saved-cases 'a b\.json' c\.json$/,
  );
});
