import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { caseFileSchema } from '../spec/case-file.js';
import { decodeTrace, digestTrace } from '../trace/codec.js';
import { exampleFinding, exampleResult, exampleTrace, hostileFinding } from './example-result.js';
import { reportSchema } from './json.js';
import { checkReportFolder, writeReport } from './write-report.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'conformance-report-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const read = (path: string): string => readFileSync(join(directory, path), 'utf8');

test('the folder holds what scripts expect, and each case is a whole case file', () => {
  const result = exampleResult([exampleFinding()]);
  writeReport(result, { report: join(directory, 'deep/er') });
  const report = reportSchema.parse(JSON.parse(read('deep/er/report.json')));
  const path = report.verdicts.flatMap((verdict) => verdict.findings)[0]!.case;
  const saved = caseFileSchema.parse(JSON.parse(read(`deep/er/${path}`)));
  expect(saved).toMatchObject({
    plan: exampleFinding().plan,
    signature: 'WORK-01 · static pod',
    agent: { name: 'my-agent', version: '2.3.4', given: './agent.yaml' },
    traceDigests: digestTrace(exampleTrace()),
  });
  expect(
    decodeTrace(read(`deep/er/${report.verdicts.flatMap((verdict) => verdict.findings)[0]!.trace!}`)),
  ).toEqual(exampleTrace());
  for (const name of ['junit.xml', 'index.html', 'statement.md'])
    expect(read(`deep/er/${name}`)).not.toBe('');
});

test('formats leave out pages, never what scripts depend on', () => {
  writeReport(exampleResult([exampleFinding()]), { report: directory, formats: ['text'] });
  const exists = ['report.json', 'cases/WORK-01-static-pod.json', 'junit.xml', 'index.html'].map((name) =>
    existsSync(join(directory, name)),
  );
  expect(exists).toEqual([true, true, false, false]);
});

test('a folder that cannot be written is a clear error with exit code 69', () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  const clear = expect.objectContaining({
    name: 'HarnessError',
    code: 'report-not-writable',
    exitCode: 69,
    file: join(file, 'inside'),
    hint: expect.stringContaining('--report'),
  });
  expect(() => writeReport(exampleResult(), { report: join(file, 'inside') })).toThrowError(clear);
  expect(() => checkReportFolder(join(file, 'inside'))).toThrowError(clear);
  expect(() => checkReportFolder('/proc/report')).toThrowError(/cannot be written/);
  expect(() => writeReport(exampleResult(), { report: '/proc/report' })).toThrowError(/cannot be written/);
});

test('checking a folder that can be written makes nothing', () => {
  checkReportFolder(join(directory, 'deep/er'));
  expect(existsSync(join(directory, 'deep'))).toBe(false);
});

test('the cases of an earlier report go, and nothing else does', () => {
  const report = join(directory, 'r');
  writeReport(exampleResult([exampleFinding({ case: 'cases/gone.json' }), exampleFinding()]), { report });
  const earlier = reportSchema.parse(JSON.parse(read('r/report.json')));
  const listed = earlier.verdicts.flatMap(({ findings }) => findings);
  const notOurs = ['outside.json', 'r/own.txt', 'r/cases/own.json'];
  for (const path of notOurs) writeFileSync(join(directory, path), '');
  for (const path of ['../outside.json', 'own.txt', 'cases/../own.txt', '/etc/hostname'])
    listed.push({ ...listed[0]!, case: path, trace: path });
  writeFileSync(
    join(report, 'report.json'),
    JSON.stringify({ ...earlier, verdicts: [{ ...earlier.verdicts[0]!, findings: listed }] }),
  );

  writeReport(exampleResult([exampleFinding()]), { report });
  const left = [...notOurs, 'r/cases/WORK-01-static-pod.json', 'r/traces/WORK-01-static-pod.ndjson'];
  for (const path of left) expect(existsSync(join(directory, path)), path).toBe(true);
  for (const path of ['r/cases/gone.json', 'r/traces/gone.ndjson'])
    expect(existsSync(join(directory, path)), path).toBe(false);
});

test('what is no report is overwritten, whatever it is', () => {
  for (const text of ['', '{', '[]', '{"report":1}']) {
    writeFileSync(join(directory, 'report.json'), text);
    writeReport(exampleResult([exampleFinding()]), { report: directory });
    expect(JSON.parse(read('report.json'))).toMatchObject({ findings: 1 });
  }
});

test('a case path that leaves the folder is refused', () => {
  const finding = exampleFinding({ case: 'cases/../../evil.json' });
  expect(() => writeReport(exampleResult([finding]), { report: join(directory, 'in') })).toThrowError(
    /leaves the report folder/,
  );
  expect(existsSync(join(directory, 'evil.json'))).toBe(false);
});

test('hostile names do not keep a report from being written', () => {
  writeReport(exampleResult([hostileFinding()]), { report: directory });
  expect(JSON.parse(read('report.json'))).toMatchObject({ findings: 1 });
});
