import { join } from 'node:path';
import pc from 'picocolors';
import type {
  Change,
  ComparedReport,
  ComparedRequirement,
  ComparedVerdict,
  Comparison,
  ReportFinding,
  UnlikeField,
} from './compare-reports.js';
import { differenceWords } from './difference-words.js';
import { printable } from './sanitize.js';
import { count, durationWords } from './words.js';

type Colors = ReturnType<typeof pc.createColors>;

const unlikeWords: Readonly<Record<UnlikeField, string>> = {
  suiteVersion: 'version of the suite',
  catalogueRevision: 'requirement catalogue',
  world: 'world',
  runtime: 'runtime',
  seed: 'seed',
  suites: 'suites',
  cases: 'number of cases',
  interrupted: 'end (one was interrupted)',
  sources: 'sources',
  features: 'features',
  timings: 'declared periods',
  sharesAgent: 'shared agent',
  repeatedCases: 'cases of earlier campaigns',
  savedCases: 'saved cases',
};

const marks: Readonly<Record<Change, string>> = {
  worse: '✗ worse',
  better: '✓ better',
  lost: '? lost',
  gained: '+ gained',
  same: '',
};

/** Two agents may differ in dozens of features. */
const differenceMax = 1_000;

/** Two reports for a terminal: side by side by requirement, then the cases that tell them apart, the outcome last. */
export function comparisonText(comparison: Comparison, useColors: boolean): string {
  const colors = pc.createColors(useColors);
  const lines = [...headLines(comparison, colors), '', ...tableLines(comparison, colors), ''];
  for (const compared of comparison.requirements) {
    lines.push(...unsaidLines(compared, comparison.second, colors));
    for (const finding of compared.onlySecond)
      lines.push(...findingLines(compared, finding, { side: 'second', of: comparison.second, colors }), '');
    for (const finding of compared.onlyFirst)
      lines.push(...findingLines(compared, finding, { side: 'first', of: comparison.first, colors }), '');
  }
  const has = (wanted: Change): boolean => comparison.requirements.some(({ change }) => change === wanted);
  const paint = has('worse') ? colors.red : has('lost') ? colors.yellow : colors.green;
  lines.push(colors.bold(paint(comparisonSentence(comparison))));
  return `${lines.join('\n')}\n`;
}

/** The outcome in one sentence: "The second is worse in 1 requirement (LIFE-06) and better in none." */
export function comparisonSentence({ requirements }: Comparison): string {
  const identifiersOf = (change: Change): string[] =>
    requirements.filter((compared) => compared.change === change).map(({ requirement }) => requirement);
  const named = (change: Change): string => {
    const identifiers = identifiersOf(change);
    if (identifiers.length === 0) return 'none';
    return `${count(identifiers.length, 'requirement')} (${identifiers.join(', ')})`;
  };
  const has = (change: Change): boolean => identifiersOf(change).length > 0;
  const isAllLost = requirements.every(({ first, change }) => !isJudged(first) || change === 'lost');
  const sentences: string[] = [];
  if (has('worse') || has('better')) {
    sentences.push(`The second is worse in ${named('worse')} and better in ${named('better')}.`);
    if (has('lost')) sentences.push(`It says nothing any more about ${named('lost')}.`);
  } else if (!has('lost')) {
    sentences.push('Neither is worse.');
  } else if (isAllLost) {
    sentences.push(`The second says nothing any more of all that the first judged: ${named('lost')}.`);
  } else {
    sentences.push(
      `The second says nothing any more about ${named('lost')}; of the others neither is worse.`,
    );
  }
  if (has('gained')) sentences.push(`Only the second says something about ${named('gained')}.`);
  return printable(sentences.join(' '), Number.MAX_SAFE_INTEGER);
}

function isJudged(side: ComparedVerdict | undefined): boolean {
  return side !== undefined && side.verdict !== 'not exercised' && side.verdict !== 'not applicable';
}

function headLines({ first, second, unlike, otherCases }: Comparison, colors: Colors): string[] {
  const side = (name: string, report: ComparedReport): string[] => {
    const { agent } = report;
    const version = agent.version === undefined ? '' : ` ${agent.version}`;
    const lines = [
      `${agent.name}${version} (${agent.given}), sources ${agent.sources.join(', ') || 'none'}`,
      `${report.world}, ${report.runtime} runtime, seed ${report.seed}: ${count(report.cases, 'case')} in ` +
        `${durationWords(report.wallSeconds * 1_000)}, suite ${report.suiteVersion}`,
      report.outcome,
      report.directory,
    ];
    return lines.map(
      (line, index) => `${colors.dim((index === 0 ? name : '').padEnd(8))} ${printable(line)}`,
    );
  };
  const lines = [...side('first', first), ...side('second', second)];
  if (unlike.length > 0) {
    const differences = unlike.map((field) => unlikeWords[field]).join(', ');
    lines.push(
      `${colors.yellow('not alike')}: ${differences}. What differs below need not be the agents' doing.`,
    );
  }
  if (otherCases.length > 0) {
    lines.push(`${colors.yellow('other cases')}: the same number is another case in each, because of`);
    for (const field of otherCases)
      lines.push(
        `  ${unlikeWords[field].padEnd(27)} ${printable(differenceWords(field, first, second), differenceMax)}`,
      );
  }
  return lines;
}

/** A row for each requirement that one of them judged; of the others only how many there are. */
function tableLines({ requirements }: Comparison, colors: Colors): string[] {
  const rows = requirements.filter(({ first, second }) => isJudged(first) || isJudged(second));
  const width = Math.max('requirement'.length, ...rows.map(({ title }) => title.length + 10));
  const cell = (side: ComparedVerdict | undefined): string => sideWords(side).padEnd(22);
  return [
    colors.dim(`  ${'requirement'.padEnd(width)}  ${'first'.padEnd(22)}second`),
    ...rows.map((compared) => {
      const name = printable(`${compared.requirement.padEnd(10)}${compared.title}`).padEnd(width);
      const row = `  ${name}  ${cell(compared.first)}${cell(compared.second)}${marks[compared.change]}`;
      return paintChange(compared.change, row.trimEnd(), colors);
    }),
    colors.dim(`  and ${count(requirements.length - rows.length, 'requirement')} that neither judged`),
  ];
}

function sideWords(side: ComparedVerdict | undefined): string {
  if (side === undefined) return 'not asked';
  return side.exercised === 0 ? side.verdict : `${side.verdict} ${side.exercised}×`;
}

function paintChange(change: Change, text: string, colors: Colors): string {
  switch (change) {
    case 'worse':
      return colors.red(text);
    case 'better':
      return colors.green(text);
    case 'lost':
      return colors.yellow(text);
    case 'gained':
    case 'same':
      return text;
  }
}

/** Why the second cannot tell any more what the first could. */
function unsaidLines(compared: ComparedRequirement, of: ComparedReport, colors: Colors): string[] {
  const { requirement, title, level, change, second, doubts } = compared;
  const name = `${colors.bold(requirement)} ${printable(title)} (${level})`;
  const section = (words: string): string => `  ${colors.bold(words.padEnd(8))}`;
  if (change === 'worse' && second?.verdict === 'inconclusive') {
    return [
      `${colors.bold(colors.yellow('The second cannot decide'))} ${name}`,
      `${section('Reason')} ${printable(second.reason ?? 'not known')}`,
      ...doubts.flatMap((doubt) => [
        `${section('About')} ${printable(`${doubt.subject.role} ${doubt.subject.name}`)}`,
        `${section('Expected')} ${printable(doubt.expected)}`,
        `${section('Seen')} ${printable(doubt.seen)}`,
        `${section('Case')} ${printable(join(of.directory, doubt.case))}`,
      ]),
      '',
    ];
  }
  // Where nothing more is known than that it was not exercised, the table has said it.
  if (change !== 'lost' || second?.reason === undefined) return [];
  return [
    `${colors.bold(colors.yellow('The second says nothing about'))} ${name}`,
    `${section('Reason')} ${printable(`${second.verdict}: ${second.reason}`)}`,
    '',
  ];
}

function findingLines(
  { requirement, title, level }: ComparedRequirement,
  finding: ReportFinding,
  { side, of, colors }: { side: 'first' | 'second'; of: ComparedReport; colors: Colors },
): string[] {
  const paint = side === 'second' ? colors.red : colors.green;
  const certificate = finding.minimal ? 'none can be left out' : 'not minimal';
  const section = (name: string): string => `  ${colors.bold(name.padEnd(8))}`;
  const { pods, steps, disturbances } = finding.words;
  return [
    `${colors.bold(paint(`Only the ${side} breaks`))} ${colors.bold(requirement)} ${printable(title)} (${level})`,
    `${section('About')} ${printable(`${finding.subject.role} ${finding.subject.name}`)}`,
    ...pods.map((words, index) => `${section(index === 0 ? 'Pods' : '')} ${printable(words)}`),
    `${section('Steps')} ${colors.dim(certificate)}`,
    ...steps.map((words, index) => `    ${String(index + 1).padStart(2)}. ${printable(words)}`),
    ...disturbances.map((words) => `     ${colors.dim('while')} ${printable(words)}`),
    `${section('Expected')} ${printable(finding.expected)}`,
    `${section('Seen')} ${printable(finding.seen)}`,
    `${section('Case')} ${printable(join(of.directory, finding.case))}`,
  ];
}
