import { expect, test } from 'vitest';
import { exampleFinding, exampleResult } from './example-result.js';
import {
  compareKnownFailing,
  knownFailingEntries,
  knownFailingSchema,
  parseKnownFailingText,
} from './known-failing.js';
import { outcomeSentence } from './outcome.js';
import { exitCodeOf, type ReportedVerdict } from './result.js';

const finding = exampleFinding();
const verdict = (parts: Partial<ReportedVerdict> = {}): ReportedVerdict => ({
  requirement: 'WORK-01',
  verdict: 'pass',
  exercised: 3,
  findings: [],
  ...parts,
});
const failed = verdict({ verdict: 'fail', findings: [finding] });

test.each([
  ['all pass', [verdict()], 0],
  ['a broken MUST', [verdict(), failed], 1],
  ['a broken SHOULD', [verdict(), verdict({ requirement: 'FILE-06', verdict: 'fail' })], 0],
  ['an undecided MUST', [verdict({ verdict: 'inconclusive' })], 2],
  ['a broken one beside an undecided one', [failed, verdict({ verdict: 'inconclusive' })], 1],
  ['nothing exercised', [verdict({ verdict: 'not exercised', exercised: 0 })], 2],
  ['no verdicts', [], 2],
] as const)('exit code: %s', (_name, verdicts, exitCode) => {
  expect(exitCodeOf({ verdicts })).toBe(exitCode);
});

test('an interrupted campaign does not claim conformance, but keeps what it found', () => {
  expect(exitCodeOf({ verdicts: [verdict()], interrupted: true })).toBe(2);
  expect(exitCodeOf({ verdicts: [failed], interrupted: true })).toBe(1);
});

test('a known failure is excused, by its role when one is given', () => {
  for (const text of ['WORK-01', 'work-0?  # see bug 7', 'WORK-01 static pod']) {
    const outcome = compareKnownFailing([failed], parseKnownFailingText(text));
    expect(outcome).toEqual({ excusedSignatures: [finding.signature], unexpectedPasses: [], unmatched: [] });
    expect(exitCodeOf({ verdicts: [failed], knownFailing: outcome })).toBe(0);
  }
});

test('another role of the same requirement is not excused, and the entry matches nothing', () => {
  const outcome = compareKnownFailing([failed], parseKnownFailingText('WORK-01 api pod'));
  expect(outcome.unmatched).toEqual([{ requirement: 'WORK-01', subject: 'api pod' }]);
  expect(exitCodeOf({ verdicts: [failed], knownFailing: outcome })).toBe(1);
});

test('the list is two-sided: a pass and a pattern without a match fail the run', () => {
  const passes = compareKnownFailing([verdict()], [{ requirement: 'WORK-01' }]);
  expect(passes.unexpectedPasses).toEqual(['WORK-01']);
  expect(exitCodeOf({ verdicts: [verdict()], knownFailing: passes })).toBe(1);
  const nothing = compareKnownFailing([verdict()], [{ requirement: 'NOPE-*' }]);
  expect(nothing.unmatched).toEqual([{ requirement: 'NOPE-*' }]);
  expect(exitCodeOf({ verdicts: [verdict()], knownFailing: nothing })).toBe(1);
});

test('what fails sometimes may pass, and is excused when it fails', () => {
  const entries = knownFailingEntries([
    { requirement: 'WORK-01', sometimes: true },
    { requirement: 'WORK-01', subject: 'api pod', sometimes: true },
  ]);
  const passes = compareKnownFailing([verdict()], entries);
  expect(passes).toEqual({ excusedSignatures: [], unexpectedPasses: [], unmatched: [] });
  const fails = compareKnownFailing([failed], entries);
  expect([fails.excusedSignatures.length, fails.unmatched]).toEqual([1, []]);
  expect(knownFailingSchema.safeParse([{ requirement: 'WORK-01', sometimes: true }]).success).toBe(true);
});

test('a requirement that was not exercised or not selected says nothing either way', () => {
  const verdicts = [verdict({ verdict: 'not exercised', exercised: 0 }), verdict({ requirement: 'MUX-01' })];
  expect(compareKnownFailing(verdicts, [{ requirement: 'WORK-01' }, { requirement: 'TERM-01' }])).toEqual({
    excusedSignatures: [],
    unexpectedPasses: [],
    unmatched: [],
  });
});

test('both forms of the file give the same entries', () => {
  expect(knownFailingEntries({ knownFailing: ['MUX-*', { requirement: 'A', reason: 'b' }] })).toEqual(
    knownFailingEntries(['MUX-*', { requirement: 'A', reason: 'b' }]),
  );
});

test('the outcome is one sentence', () => {
  expect(outcomeSentence(exampleResult())).toMatch(
    /^Conforms: \d+ requirements passed, \d+ not exercised, \d+ not applicable to this agent\.$/,
  );
  expect(outcomeSentence(exampleResult([finding]))).toBe('Does not conform: 1 requirement broken (WORK-01).');
  expect(outcomeSentence(exampleResult([], { verdicts: [] }))).toBe(
    'Inconclusive: no requirement was exercised.',
  );
  expect(outcomeSentence(exampleResult([], { interrupted: true }))).toMatch(/^Inconclusive\. .*interrupted/);
  const knownFailing = compareKnownFailing(exampleResult([finding]).verdicts, [{ requirement: 'WORK-01' }]);
  expect(outcomeSentence(exampleResult([finding], { knownFailing }))).toMatch(/1 known failure[,.]/);
  const stale = compareKnownFailing(exampleResult().verdicts, [{ requirement: 'WORK-01' }]);
  expect(outcomeSentence(exampleResult([], { knownFailing: stale }))).toBe(
    'Fails: the known-failing file is out of date.',
  );
});
