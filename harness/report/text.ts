import pc from 'picocolors';
import { ExitCode, type HarnessError } from '../core/errors.js';
import { findRequirement } from '../spec/requirements.js';
import type { VerdictKind } from '../spec/verdict.js';
import { eventWords, timeWords } from './event-words.js';
import {
  companyNeeded,
  countVerdicts,
  laneWords,
  needsCompany,
  reproductionWords,
  doubtWords,
  verdictGroups,
  verdictKinds,
} from './groups.js';
import {
  isExcused,
  isMust,
  type CampaignResult,
  type ReportedFinding,
  type ReportedVerdict,
} from './result.js';
import { printable } from './sanitize.js';
import { outcomeSentence } from './outcome.js';
import { tracePath } from './trace-path.js';
import { count, durationWords, planWords, podWords, subjectWords } from './words.js';

/** How much of a failure the terminal shows; the page and the case file have all of it. */
const stepsShownMax = 40;
const eventsShownMax = 30;
const podsShownMax = 6;
/** The last lines of an agent's output, a stack. */
const detailLinesMax = 24;

export interface TextOptions {
  readonly colors: boolean;
  /** Also list the requirements that passed or were not exercised, and all pods of failing plans. */
  readonly verbose?: boolean;
  /** Only findings, remarks and the outcome. */
  readonly quiet?: boolean;
  /** Where the report folder is, for the last line. */
  readonly reportDirectory?: string;
}

type Colors = ReturnType<typeof pc.createColors>;

/** The result for a terminal: summary by requirement group, every failure, and the outcome last. */
export function textReport(result: CampaignResult, options: TextOptions): string {
  const colors = pc.createColors(options.colors);
  const lines =
    options.quiet === true
      ? []
      : [...headLines(result, colors), '', ...groupLines(result, colors, options), ''];
  for (const verdict of result.verdicts) {
    for (const finding of verdict.findings) {
      lines.push(...findingLines(result, verdict, finding, colors, options), '');
    }
  }
  lines.push(...remarkLines(result, colors, options));
  const paint = result.exitCode === 0 ? colors.green : result.exitCode === 1 ? colors.red : colors.yellow;
  lines.push(colors.bold(paint(printable(outcomeSentence(result)))));
  if (options.reportDirectory !== undefined) {
    lines.push(colors.dim(`Report: ${printable(options.reportDirectory)}`));
  }
  return `${lines.join('\n')}\n`;
}

/** An expected failure of the harness for a terminal: what, where, expected and got, and what to do. */
export function errorText(error: HarnessError, useColors: boolean): string {
  const colors = pc.createColors(useColors);
  const lines = [`${colors.red(colors.bold('error'))} ${printable(error.message)}`];
  const detail = (name: string, value: string | undefined): void => {
    if (value === undefined) return;
    const [first = '', ...more] = value.split('\n').slice(0, detailLinesMax);
    lines.push(`  ${colors.dim(name.padEnd(9))} ${printable(first)}`);
    for (const line of more) lines.push(`            ${printable(line)}`);
  };
  detail('file', error.file);
  detail('at', error.path);
  detail('expected', error.expected);
  detail('got', error.got);
  detail('hint', error.hint);
  if (error.exitCode === ExitCode.harnessFault && error.stack !== undefined)
    lines.push(
      ...error.stack
        .split('\n')
        .slice(0, detailLinesMax)
        .map((line) => printable(line)),
    );
  return `${lines.join('\n')}\n`;
}

function headLines(result: CampaignResult, colors: Colors): string[] {
  const { agent } = result;
  const version = agent.version === undefined ? '' : ` ${agent.version}`;
  const row = (name: string, value: string): string => `${colors.dim(name.padEnd(8))} ${printable(value)}`;
  return [
    row('suite', `${result.suiteVersion}, requirement catalogue revision ${result.catalogueRevision}`),
    row('agent', `${agent.name}${version} (${agent.given}), sources ${agent.sources.join(', ') || 'none'}`),
    row('world', `${result.world}, ${result.runtime} runtime, seed ${result.seed}`),
    row(
      'ran',
      `${count(result.cases, 'case')}, ${count(result.effectiveSteps, 'effective step')}, ` +
        `${count(result.simulatedSeconds, 'simulated second')} in ${durationWords(result.wallSeconds * 1_000)}`,
    ),
  ];
}

function groupLines(result: CampaignResult, colors: Colors, options: TextOptions): string[] {
  const groups = verdictGroups(result.verdicts);
  const width = Math.max(0, ...groups.map((group) => group.name.length));
  return groups.flatMap((group) => {
    const counts = countVerdicts(group.verdicts);
    const cells = verdictKinds
      .filter((kind) => counts[kind] > 0)
      .map((kind) => paintVerdict(kind, `${counts[kind]} ${kind}`, colors));
    const head = `${mark(group.verdicts, colors)} ${group.name.padEnd(width)}  ${cells.join(colors.dim(' · '))}`;
    const members = options.verbose === true ? group.verdicts : group.verdicts.filter(isRemarkable);
    return [head, ...members.map((verdict) => memberLine(verdict, result, colors))];
  });
}

function isRemarkable(verdict: ReportedVerdict): boolean {
  return verdict.verdict === 'fail' || verdict.verdict === 'inconclusive';
}

function memberLine(verdict: ReportedVerdict, result: CampaignResult, colors: Colors): string {
  const title = findRequirement(verdict.requirement)?.title ?? '';
  const reason = verdict.reason === undefined ? '' : colors.dim(` (${printable(verdict.reason)})`);
  const known = isExcused(verdict, result.knownFailing) ? colors.dim(' (known)') : '';
  const warning = verdict.verdict === 'fail' && !isMust(verdict.requirement) ? colors.dim(' (SHOULD)') : '';
  const kind = paintVerdict(verdict.verdict, verdict.verdict.padEnd(14), colors);
  return `    ${kind} ${verdict.requirement.padEnd(9)} ${title}${known}${warning}${reason}`;
}

function mark(verdicts: readonly ReportedVerdict[], colors: Colors): string {
  const counts = countVerdicts(verdicts);
  if (counts.fail > 0) return colors.red('✗');
  if (counts.inconclusive > 0) return colors.yellow('?');
  return counts.pass > 0 ? colors.green('✓') : colors.dim('–');
}

function paintVerdict(kind: VerdictKind, text: string, colors: Colors): string {
  switch (kind) {
    case 'pass':
      return colors.green(text);
    case 'fail':
      return colors.red(text);
    case 'inconclusive':
      return colors.yellow(text);
    default:
      return colors.dim(text);
  }
}

function findingLines(
  result: CampaignResult,
  verdict: ReportedVerdict,
  finding: ReportedFinding,
  colors: Colors,
  options: TextOptions,
): string[] {
  const requirement = findRequirement(finding.requirement);
  const known = result.knownFailing?.excusedSignatures.includes(finding.signature) === true;
  const badge = known
    ? colors.yellow('KNOWN')
    : isMust(verdict.requirement)
      ? colors.red('FAIL')
      : colors.yellow('WARN');
  const { steps, disturbances } = planWords(finding.plan);
  const certificate = finding.minimal ? 'none can be left out' : 'not minimal';
  const section = (name: string): string => `  ${colors.bold(name)}`;
  const lane = laneWords(finding);
  const lines = [
    `${colors.bold(badge)} ${colors.bold(finding.requirement)} ${requirement?.title ?? ''} (${requirement?.level ?? 'MUST'})`,
    `  ${requirement?.text ?? ''}`,
    `  ${colors.dim('about')} ${subjectWords(finding.subject)}`,
    '',
  ];
  const podsMax = options.verbose === true ? Number.MAX_SAFE_INTEGER : podsShownMax;
  lines.push(section('Pods'), ...bounded(podWords(finding.plan), podsMax).map((words) => `    ${words}`), '');
  lines.push(
    `${section('Steps')} ${colors.dim(`(${certificate})`)}`,
    ...bounded(steps, stepsShownMax).map((words, index) => `    ${String(index + 1).padStart(2)}. ${words}`),
    ...bounded(disturbances, stepsShownMax).map((words) => `     ${colors.dim('while')} ${words}`),
    '',
    `${section('Expected')} ${printable(finding.expected)}`,
    `${section('Seen')}     ${printable(finding.seen)}`,
    '',
    section('What happened'),
    ...(lane === undefined ? [] : [`  ${colors.dim(lane)}`]),
    ...bounded(
      finding.events.map((event) => `${colors.dim(timeWords(event.t))}  ${eventWords(event, finding.plan)}`),
      eventsShownMax,
    ).map((line) => `  ${line}`),
    `  ${colors.red(timeWords(finding.atMs))}  ${colors.red(`${finding.requirement} is violated`)}`,
    '',
  );
  if (finding.irrelevant.length > 0) {
    lines.push(`${section('Does not matter')} ${printable(finding.irrelevant.join(', '))}`);
  }
  for (const where of finding.reproduces ?? []) {
    if (where.tried > 0) lines.push(`${section('Tried in')} ${printable(reproductionWords(where))}`);
  }
  if (needsCompany(finding)) lines.push(`${section('Company')}  ${companyNeeded}`);
  // What does not show again every time can only be read.
  const isFlaky = finding.reproduces?.some(({ failed, tried }) => failed < tried) === true;
  const trace = tracePath(finding);
  if (isFlaky && trace !== undefined)
    lines.push(`${section('Trace')}    ${printable(inReport(trace, options))}`);
  lines.push(`${section('Replay')}   ${printable(finding.replay)}`);
  return lines;
}

function inReport(path: string, { reportDirectory }: TextOptions): string {
  return reportDirectory === undefined ? path : `${reportDirectory}/${path}`;
}

function remarkLines(result: CampaignResult, colors: Colors, options: TextOptions): string[] {
  const lines: string[] = [];
  const known = result.knownFailing;
  for (const requirement of known?.unexpectedPasses ?? []) {
    lines.push(
      `${colors.red('unexpected pass')} ${requirement} is listed as known to fail but passes; remove it`,
    );
  }
  for (const entry of known?.unmatched ?? []) {
    const subject = entry.subject === undefined ? '' : ` (${entry.subject})`;
    lines.push(
      `${colors.red('matches nothing')} ${printable(`${entry.requirement}${subject}`)} in the known-failing file matches no failure`,
    );
  }
  for (const finding of result.flaky ?? []) {
    lines.push(
      `${colors.yellow('seen once')} ${printable(`${finding.signature}: ${finding.seen}`)}`,
      `  ${printable(`${doubtWords(finding)}. ${inReport(tracePath(finding) ?? finding.case, options)} shows it.`)}`,
    );
  }
  for (const warning of result.warnings) lines.push(`${colors.yellow('warning')} ${printable(warning)}`);
  return lines.length === 0 ? [] : [...lines, ''];
}

/** At most `max` lines; what is left out is said in the last. */
function bounded(lines: readonly string[], max: number): string[] {
  if (lines.length <= max) return [...lines];
  return [...lines.slice(0, max - 1), `… and ${lines.length - max + 1} more (see the report)`];
}
