import { findRequirement } from '../spec/requirements.js';
import { countVerdicts, verdictGroups, verdictKinds } from './groups.js';
import { isExcused, isMust, type CampaignResult, type ReportedFinding } from './result.js';
import { escapeHtml, printable } from './sanitize.js';
import { outcomeSentence } from './outcome.js';
import { planWords, subjectWords } from './words.js';

const annotationsMax = 10;
const findingsMax = 20;

/** Workflow commands for GitHub Actions: one annotation per finding, at most ten, as GitHub shows no more. */
export function githubAnnotations(result: CampaignResult): string {
  const lines: string[] = [];
  for (const verdict of result.verdicts) {
    const excused = isExcused(verdict, result.knownFailing);
    const level = !isMust(verdict.requirement) ? 'warning' : excused ? 'notice' : 'error';
    for (const finding of verdict.findings) {
      const title = `${verdict.requirement} ${findRequirement(verdict.requirement)?.title ?? ''}`;
      const text = `${subjectWords(finding.subject)}: expected ${finding.expected}; seen ${finding.seen}. Replay: ${finding.replay}`;
      lines.push(`::${level} title=${property(title)}::${data(text)}`);
    }
  }
  for (const id of result.knownFailing?.unexpectedPasses ?? []) {
    lines.push(
      `::error title=${property(`${id} passes`)}::It is listed as known to fail. Remove it from the file.`,
    );
  }
  for (const entry of result.knownFailing?.unmatched ?? []) {
    lines.push(`::error title=known-failing::${data(`${entry.requirement} matches no failure.`)}`);
  }
  return lines.length === 0 ? '' : `${lines.slice(0, annotationsMax).join('\n')}\n`;
}

/** The step summary: outcome, verdicts by group and the failures, as Markdown. */
export function githubSummary(result: CampaignResult): string {
  const lines = [
    '## Node agent conformance',
    '',
    markdown(outcomeSentence(result)),
    '',
    `Agent ${markdown(result.agent.name)}, ${result.world}, ${markdown(result.runtime)} runtime, seed \`${markdown(result.seed)}\`, ${result.cases} cases.`,
    '',
    `| Group | ${verdictKinds.join(' | ')} |`,
    `|---|${verdictKinds.map(() => '---:|').join('')}`,
    ...verdictGroups(result.verdicts).map((group) => {
      const counts = countVerdicts(group.verdicts);
      return `| ${group.name} | ${verdictKinds.map((kind) => counts[kind] || '').join(' | ')} |`;
    }),
    '',
    ...result.warnings.flatMap((warning) => [`Warning: ${markdown(warning)}`, '']),
  ];
  const findings = result.verdicts.flatMap((verdict) => verdict.findings);
  for (const finding of findings.slice(0, findingsMax)) lines.push(...findingMarkdown(finding));
  if (findings.length > findingsMax) lines.push(`… and ${findings.length - findingsMax} more.`, '');
  return lines.join('\n');
}

function findingMarkdown(finding: ReportedFinding): string[] {
  const { steps, disturbances } = planWords(finding.plan);
  return [
    `### ${finding.requirement} ${markdown(findRequirement(finding.requirement)?.title ?? '')}`,
    '',
    ...steps.map((step, index) => `${index + 1}. ${markdown(step)}`),
    ...disturbances.map((disturbance) => `- while ${markdown(disturbance)}`),
    '',
    `Expected: ${markdown(finding.expected)}`,
    '',
    `Seen: ${markdown(finding.seen)}`,
    '',
    `<pre>${escapeHtml(finding.replay)}</pre>`,
    '',
  ];
}

/** Text that Markdown and the HTML inside it leave alone. */
function markdown(text: string): string {
  return escapeHtml(text).replace(/[\\`*_{}[\]()#|~]/g, (character) => `\\${character}`);
}

function data(text: string): string {
  return printable(text).replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

function property(text: string): string {
  return data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}
