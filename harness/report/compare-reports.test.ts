import { describe, expect, test } from 'vitest';
import type { VerdictKind } from '../spec/verdict.js';
import { compareReports, type Change, type ReportInFolder } from './compare-reports.js';
import { comparisonSentence, comparisonText } from './comparison-text.js';
import { exampleFinding, exampleResult, hostileFinding } from './example-result.js';
import { fastTimings, kubeletTimings } from '../spec/timings.js';
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

describe('whether they ran the same cases', () => {
  const compared = (first: Parts, second: Parts) =>
    compareReports(folder('one', passing(first)), folder('two', passing(second)));
  const { agent } = exampleResult();
  const slow = { ...agent, timings: kubeletTimings };

  test.each([
    ['seed', { seed: '1' }, { seed: '2' }],
    ['world', { world: 'sim' }, { world: 'live' }],
    ['sources', { agent }, { agent: { ...agent, sources: ['file'] } }],
    ['features', { agent }, { agent: { ...agent, features: ['status'] } }],
    ['timings', { agent }, { agent: slow }],
    ['timings', { agent: { ...agent, timings: fastTimings } }, { agent: slow }],
    ['sharesAgent', {}, { sharesAgent: true }],
    ['repeatedCases', {}, { repeatedCases: 3 }],
    ['repeatedCases', { repeatedCases: 3 }, { repeatedCases: 3 }],
    ['savedCases', {}, { savedCases: [{ file: 'a.json', plan: 'f00' }] }],
    [
      'savedCases',
      { savedCases: [{ file: 'a.json', plan: 'f00' }] },
      { savedCases: [{ file: 'a.json', plan: 'ba5' }] },
    ],
  ] as const)('another %s makes them others', (field, first, second) => {
    const { unlike, otherCases } = compared(first, second);
    expect([unlike, otherCases]).toEqual([[field], [field]]);
  });

  test('the same plans may have lain elsewhere', () => {
    const { unlike } = compared(
      { savedCases: [{ file: 'old/a.json', plan: 'f00' }] },
      { savedCases: [{ file: 'new/b.json', plan: 'f00' }] },
    );
    expect(unlike).toEqual([]);
  });

  test.each([
    ['cases', { cases: 12 }],
    ['runtime', { runtime: 'docker' }],
  ] as const)('another %s does not', (field, second) => {
    const { unlike, otherCases } = compared({}, second);
    expect([unlike, otherCases]).toEqual([[field], []]);
  });

  test('the order of features says nothing', () => {
    const turned = { ...agent, features: [...agent.features].reverse() };
    expect(compared({ agent }, { agent: turned }).unlike).toEqual([]);
  });

  test('in words, with what differs', () => {
    const second = {
      agent: { ...slow, sources: ['file'], features: ['status', 'probes'] },
      sharesAgent: true,
    };
    const text = comparisonText(compared({}, second as Parts), false);
    expect(text).toContain(
      'not alike: sources, features, declared periods, shared agent. What differs below need not be',
    );
    expect(text).toMatch(/^other cases: the same number is another case in each, because of$/m);
    expect(text).toMatch(/^ +sources +file, http, api → file$/m);
    expect(text).toMatch(/^ +features +− restart-policy, \+ probes$/m);
    expect(text).toMatch(/^ +declared periods +none → as declared$/m);
    expect(text).toMatch(/^ +shared agent +no → yes$/m);
    expect(comparisonText(compared({}, { cases: 12 }), false)).not.toContain('other cases');
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

  test('what has become open, with the reason and the case that was seen once', () => {
    const reason = 'seen broken once, in cases/WORK-01-static-pod.json, and not again';
    const open = reportWith('WORK-01', 'inconclusive');
    const doubtful = {
      ...open,
      verdicts: open.verdicts.map((each) => (each.requirement === 'WORK-01' ? { ...each, reason } : each)),
      flaky: jsonReport(exampleResult([], { flaky: [exampleFinding()] })).flaky,
    } as Report;
    const comparison = compareReports(folder('one', passing()), folder('reports/two', doubtful));
    const work01 = comparison.requirements.find(({ requirement }) => requirement === 'WORK-01');
    expect(work01).toMatchObject({ change: 'worse', doubts: [{ signature: 'WORK-01 · static pod' }] });
    const text = comparisonText(comparison, false);
    expect(text).toContain('The second cannot decide WORK-01');
    expect(text).toMatch(/^ +Reason +seen broken once, in cases/m);
    expect(text).toContain('reports/two/cases/WORK-01-static-pod.json');
    // The case is of no interest where nothing has become worse.
    const same = compareReports(folder('one', doubtful), folder('two', doubtful));
    expect(comparisonText(same, false)).not.toContain('cannot decide');
  });

  test('what has become open without any case, with the reason alone', () => {
    const open = reportWith('MUX-03', 'inconclusive');
    const reason = 'still changing at the deadline';
    const report = {
      ...open,
      verdicts: open.verdicts.map((each) => (each.requirement === 'MUX-03' ? { ...each, reason } : each)),
    };
    const text = comparisonText(compareReports(folder('one', passing()), folder('two', report)), false);
    expect(text).toMatch(/The second cannot decide MUX-03 .*\n +Reason +still changing at the deadline/);
  });

  test('what was lost is no good news', () => {
    const report = reportWith('MUX-03', 'not applicable');
    const reason = 'the agent is not given the source api';
    const lost = {
      ...report,
      verdicts: report.verdicts.map((each) => (each.requirement === 'MUX-03' ? { ...each, reason } : each)),
    };
    const comparison = compareReports(folder('one', passing()), folder('two', lost));
    expect(comparisonSentence(comparison)).toBe(
      'The second says nothing any more about 1 requirement (MUX-03); of the others neither is worse.',
    );
    expect(comparisonText(comparison, false)).toMatch(
      /The second says nothing about MUX-03 .*\n +Reason +not applicable: the agent is not given the source api/,
    );
    const nothing = {
      ...passing(),
      verdicts: passing().verdicts.map((each) => ({ ...each, verdict: 'not exercised' as const })),
    };
    const sentence = comparisonSentence(compareReports(folder('one', passing()), folder('two', nothing)));
    expect(sentence).toMatch(
      /^The second says nothing any more of all that the first judged: \d+ requirements \(MUX-01, /,
    );
    expect(sentence).not.toContain('worse');
  });

  test('what reports hold does not steer the terminal', () => {
    const hostile = jsonReport(exampleResult([hostileFinding()]));
    const text = comparisonText(compareReports(folder('one', passing()), folder('two', hostile)), false);
    expect(text).toContain('Only the second breaks FILE-01');
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
  });
});
