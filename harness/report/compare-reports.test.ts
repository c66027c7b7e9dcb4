import { describe, expect, test } from 'vitest';
import type { VerdictKind } from '../spec/verdict.js';
import { compareReports, type Change, type ReportInFolder } from './compare-reports.js';
import { comparisonSentence, comparisonText } from './comparison-text.js';
import { exampleFinding, exampleResult, hostileFinding } from './example-result.js';
import { jsonReport, type Report } from './json.js';

type Parts = Parameters<typeof exampleResult>[1];

function folder(directory: string, report: Report): ReportInFolder {
  return { directory, report };
}

const passing = (parts: Parts = {}): Report => jsonReport(exampleResult([], parts));

/** The example's report with another verdict for one requirement. */
function reportWith(requirement: string, verdict: VerdictKind): Report {
  const report = passing();
  return {
    ...report,
    verdicts: report.verdicts.map((each) =>
      each.requirement === requirement ? { ...each, verdict, exercised: 3 } : each,
    ),
  };
}

function changesOf(first: Report, second: Report): Record<string, Change> {
  const { requirements } = compareReports(folder('one', first), folder('two', second));
  return Object.fromEntries(
    requirements
      .filter(({ change }) => change !== 'same')
      .map(({ requirement, change }) => [requirement, change]),
  );
}

describe('what has changed', () => {
  test.each([
    ['pass', 'inconclusive', 'worse'],
    ['inconclusive', 'pass', 'better'],
    ['fail', 'inconclusive', 'better'],
    ['pass', 'not exercised', 'lost'],
    ['fail', 'not applicable', 'lost'],
    ['not applicable', 'pass', 'gained'],
    ['not exercised', 'inconclusive', 'gained'],
  ] as const)('%s → %s is %s', (before, after, change) => {
    expect(changesOf(reportWith('MUX-03', before), reportWith('MUX-03', after))).toEqual({
      'MUX-03': change,
    });
  });

  test('equal verdicts are the same, however often they were exercised', () => {
    const seldom = reportWith('MUX-03', 'pass');
    expect(changesOf(passing(), seldom)).toEqual({});
    expect(changesOf(reportWith('MUX-03', 'not exercised'), reportWith('MUX-03', 'not applicable'))).toEqual(
      {},
    );
  });

  test('a failure is worse, also where the first says nothing or fails in another way', () => {
    const broken = jsonReport(exampleResult([exampleFinding()]));
    expect(changesOf(passing(), broken)).toEqual({ 'WORK-01': 'worse' });
    expect(changesOf(reportWith('WORK-01', 'not applicable'), broken)).toEqual({ 'WORK-01': 'worse' });
    const otherwise = jsonReport(exampleResult([exampleFinding({ signature: 'WORK-01 · api pod' })]));
    expect(changesOf(otherwise, broken)).toEqual({ 'WORK-01': 'worse' });
    const both = jsonReport(
      exampleResult([exampleFinding(), exampleFinding({ signature: 'WORK-01 · api pod' })]),
    );
    expect(changesOf(broken, both)).toEqual({ 'WORK-01': 'worse' });
    expect(changesOf(both, broken)).toEqual({ 'WORK-01': 'better' });
    expect(changesOf(broken, broken)).toEqual({});
  });

  test('a requirement that the first was not asked is gained', () => {
    const asked = passing();
    const fewer = {
      ...asked,
      verdicts: asked.verdicts.filter(({ requirement }) => requirement !== 'MUX-03'),
    };
    expect(changesOf(fewer, asked)).toEqual({ 'MUX-03': 'gained' });
    expect(changesOf(asked, fewer)).toEqual({ 'MUX-03': 'lost' });
  });
});

describe('in words', () => {
  const broken = jsonReport(exampleResult([exampleFinding()], { seed: '43', cases: 12 }));

  test('the failure that tells them apart, with its case in the folder of its report', () => {
    const comparison = compareReports(folder('reports/one', passing()), folder('reports/two', broken));
    const text = comparisonText(comparison, false);
    expect(text).toMatch(/WORK-01 +≤1 running container.* pass 1234× +fail 17× +✗ worse/);
    expect(text).toContain('Only the second breaks WORK-01');
    expect(text).toContain(' 1. add pod web to the manifest directory');
    expect(text).toContain('reports/two/cases/WORK-01-static-pod.json');
    expect(text).toContain('not alike: seed, number of cases.');
    expect(text.trimEnd().split('\n').at(-1)).toBe(
      'The second is worse in 1 requirement (WORK-01) and better in none.',
    );
  });

  test('two that are alike', () => {
    const comparison = compareReports(folder('one', passing()), folder('two', passing()));
    const text = comparisonText(comparison, false);
    expect(comparisonSentence(comparison)).toBe('Neither is worse.');
    expect(text).not.toContain('not alike');
    expect(text).not.toContain('Only the');
    expect(text).toMatch(/and \d+ requirements that neither judged/);
  });

  test('what reports hold does not steer the terminal', () => {
    const hostile = jsonReport(exampleResult([hostileFinding()]));
    const text = comparisonText(compareReports(folder('one', passing()), folder('two', hostile)), false);
    expect(text).toContain('Only the second breaks FILE-01');
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
  });
});
