import { create } from 'xmlbuilder2';
import { findRequirement } from '../spec/requirements.js';
import { eventWords, timeWords } from './event-words.js';
import { verdictGroups } from './groups.js';
import {
  isExcused,
  isMust,
  type CampaignResult,
  type ReportedFinding,
  type ReportedVerdict,
} from './result.js';
import { printable } from './sanitize.js';
import { planWords, subjectWords } from './words.js';

type Node = ReturnType<typeof create>;

/**
 * The result as JUnit XML: one test case per requirement, one suite per group. A broken MUST is a failure, an
 * undecided requirement an error, what was not exercised or does not apply is skipped. Broken SHOULDs and known
 * failures do not fail the gate, so they are skipped too and say why.
 */
export function junitReport(result: CampaignResult): string {
  const root = create({ version: '1.0', encoding: 'UTF-8' });
  const groups = verdictGroups(result.verdicts);
  const counts = totals(result.verdicts, result);
  const problems = knownFailingProblems(result);
  const suites = root.ele('testsuites', {
    name: 'node agent conformance',
    ...counts,
    tests: String(Number(counts.tests) + (problems === undefined ? 0 : 1)),
    failures: String(Number(counts.failures) + (problems === undefined || problems.length === 0 ? 0 : 1)),
    time: result.wallSeconds.toFixed(3),
  });
  for (const group of groups) {
    const suite = suites.ele('testsuite', { name: group.name, ...totals(group.verdicts, result) });
    for (const verdict of group.verdicts) addTestCase(suite, verdict, result);
    // The format has a place for what is about all test cases in a suite only.
    if (group === groups[0] && result.warnings.length > 0)
      suite.ele('system-out').txt(result.warnings.map((warning) => printable(warning)).join('\n'));
  }
  if (problems !== undefined) addKnownFailing(suites, problems);
  return `${root.end({ prettyPrint: true })}\n`;
}

type Outcome = 'passed' | 'failure' | 'error' | 'skipped';

function outcomeOf(verdict: ReportedVerdict, result: CampaignResult): Outcome {
  switch (verdict.verdict) {
    case 'pass':
      return 'passed';
    case 'fail':
      return isMust(verdict.requirement) && !isExcused(verdict, result.knownFailing) ? 'failure' : 'skipped';
    case 'inconclusive':
      return isMust(verdict.requirement) ? 'error' : 'skipped';
    default:
      return 'skipped';
  }
}

function totals(verdicts: readonly ReportedVerdict[], result: CampaignResult): Record<string, string> {
  const of = (wanted: Outcome): string =>
    String(verdicts.filter((verdict) => outcomeOf(verdict, result) === wanted).length);
  return {
    tests: String(verdicts.length),
    failures: of('failure'),
    errors: of('error'),
    skipped: of('skipped'),
  };
}

function addTestCase(suite: Node, verdict: ReportedVerdict, result: CampaignResult): void {
  const requirement = findRequirement(verdict.requirement);
  const test = suite.ele('testcase', {
    classname: `conformance.${verdict.requirement.split('-')[0] ?? ''}`,
    name: printable(`${verdict.requirement} ${requirement?.title ?? ''}`.trim()),
    time: '0',
  });
  const reason = verdict.reason === undefined ? '' : `: ${verdict.reason}`;
  const text = verdict.findings.map((finding) => findingText(finding)).join('\n\n');
  switch (outcomeOf(verdict, result)) {
    case 'passed':
      return;
    case 'failure':
      test.ele('failure', { type: verdict.requirement, message: summary(verdict) }).txt(text);
      return;
    case 'error':
      test.ele('error', { type: 'inconclusive', message: printable(`inconclusive${reason}`) }).txt(text);
      return;
    case 'skipped': {
      const known = isExcused(verdict, result.knownFailing) ? 'known failure' : verdict.verdict;
      const why = verdict.verdict === 'fail' && known === 'fail' ? 'recommendation not followed' : known;
      test.ele('skipped', { message: printable(`${why}${reason}`) });
      if (text !== '') test.ele('system-out').txt(text);
    }
  }
}

/** What is out of date in the known-failing file; undefined when there is none. */
function knownFailingProblems(result: CampaignResult): string[] | undefined {
  const known = result.knownFailing;
  if (known === undefined) return undefined;
  return [
    ...known.unexpectedPasses.map((id) => `${id} is listed but passes`),
    ...known.unmatched.map(
      ({ requirement, subject }) => `${requirement} ${subject ?? ''} matches no failure`,
    ),
  ].map((problem) => printable(problem));
}

/** An out-of-date known-failing file fails the run, so it has to fail a test. */
function addKnownFailing(suites: Node, problems: readonly string[]): void {
  const failures = problems.length > 0 ? '1' : '0';
  const suite = suites.ele('testsuite', {
    name: 'known-failing file',
    tests: '1',
    failures,
    errors: '0',
    skipped: '0',
  });
  const test = suite.ele('testcase', {
    classname: 'conformance.known-failing',
    name: 'the known-failing file is up to date',
    time: '0',
  });
  if (problems.length > 0) {
    test.ele('failure', { type: 'known-failing', message: problems[0]! }).txt(problems.join('\n'));
  }
}

function summary(verdict: ReportedVerdict): string {
  const [first] = verdict.findings;
  if (first === undefined) return 'broken';
  return printable(`${subjectWords(first.subject)}: expected ${first.expected}; seen ${first.seen}`);
}

/** A failure as plain lines, the same facts as on the terminal. */
function findingText(finding: ReportedFinding): string {
  const requirement = findRequirement(finding.requirement);
  const { steps, disturbances } = planWords(finding.plan);
  return [
    `${finding.requirement} ${requirement?.title ?? ''}`,
    requirement?.text ?? '',
    '',
    'Steps:',
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    ...disturbances.map((disturbance) => `  while ${disturbance}`),
    `Expected: ${printable(finding.expected)}`,
    `Seen: ${printable(finding.seen)}`,
    '',
    ...finding.events.map((event) => `${timeWords(event.t)}  ${eventWords(event, finding.plan)}`),
    '',
    `Replay: ${printable(finding.replay)}`,
  ].join('\n');
}
