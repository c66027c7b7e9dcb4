import { shellWord } from '../core/shell-word.js';
import { findRequirement } from '../spec/requirements.js';
import { countVerdicts, verdictKinds } from './groups.js';
import { isExcused, isMust, type CampaignResult, type ReportedVerdict } from './result.js';
import { escapeHtml } from './sanitize.js';
import { outcomeSentence } from './outcome.js';

/**
 * The conformance statement: what was tested, with what outcome, what was left out and how to check it again.
 * Markdown that reads as plain text, to be signed by whoever makes the claim.
 */
export function conformanceStatement(result: CampaignResult): string {
  const { agent } = result;
  const counts = countVerdicts(result.verdicts);
  const withVerdict = (kind: ReportedVerdict['verdict']): ReportedVerdict[] =>
    result.verdicts.filter((verdict) => verdict.verdict === kind);
  const lines = [
    '# Conformance statement',
    '',
    plain(outcomeSentence(result)),
    '',
    `- Agent: ${plain(agent.name)}${agent.version === undefined ? '' : ` ${plain(agent.version)}`}`,
    `- Sources: ${agent.sources.join(', ') || 'none'}`,
    `- Features: ${agent.features.map(plain).join(', ') || 'none'}`,
    `- Suite: node-agent-conformance ${plain(result.suiteVersion)}, requirement catalogue revision ${result.catalogueRevision}`,
    `- Executed in: ${result.world}, ${plain(result.runtime)} runtime`,
    `- Suites: ${result.suites.map(plain).join(', ') || 'none'}`,
    `- Extent: ${result.cases} cases, ${result.effectiveSteps} effective steps, ${Math.round(result.simulatedSeconds)} simulated seconds`,
    `- Seed: ${plain(result.seed)}`,
    '',
    `Of ${result.verdicts.length} requirements: ${verdictKinds.map((kind) => `${counts[kind]} ${kind}`).join(', ')}.`,
    '',
    ...listed('Not fulfilled', withVerdict('fail'), (verdict) => failureNote(verdict, result)),
    ...listed('Could not be decided', withVerdict('inconclusive'), (verdict) => verdict.reason ?? ''),
    ...listed('Not applicable', withVerdict('not applicable'), (verdict) => verdict.reason ?? ''),
    ...listed('Not exercised', withVerdict('not exercised'), (verdict) => verdict.reason ?? ''),
    ...listed('Passed', withVerdict('pass'), (verdict) => `exercised ${verdict.exercised} times`),
    '## To check this again',
    '',
    `    ${reproduceLine(result)}`,
    '',
    ...(result.runtime === 'memory' && result.world === 'sim'
      ? [
          'In simulation the same seed, suite version and agent give the same cases and the same verdicts.',
          '',
        ]
      : []),
    'Signed: ______________________    Date: ______________',
    '',
  ];
  return lines.join('\n');
}

/** The command line that runs the same campaign. */
export function reproduceLine(result: CampaignResult): string {
  const words = ['npx', `node-agent-conformance@${result.suiteVersion}`, 'run'];
  if (result.agent.given !== 'reference') words.push('--agent', result.agent.given);
  words.push('--world', result.world, '--runtime', result.runtime);
  if (result.world === 'live') words.push(result.sharesAgent === true ? '--share-agent' : '--no-share-agent');
  const saved = result.savedCases ?? [];
  // Those of earlier campaigns are at hand on one machine only, and come on top.
  const fresh = result.cases - (result.repeatedCases ?? 0) - saved.length;
  if (fresh > 0 || saved.length === 0) words.push('--seed', result.seed, '--cases', String(fresh));
  if (saved.length > 0) words.push('--saved-cases', ...saved.map(({ file }) => file));
  // Names may hold what a terminal would obey.
  return words.map((word) => shellWord(word.replace(/[^\x20-\x7e]/g, '?'))).join(' ');
}

function failureNote(verdict: ReportedVerdict, result: CampaignResult): string {
  const level = isMust(verdict.requirement) ? '' : 'recommendation; ';
  const known = isExcused(verdict, result.knownFailing) ? 'known; ' : '';
  return `${level}${known}${verdict.findings.map((finding) => finding.case).join(', ')}`;
}

function listed(
  title: string,
  verdicts: readonly ReportedVerdict[],
  note: (verdict: ReportedVerdict) => string,
): string[] {
  if (verdicts.length === 0) return [];
  const rows = verdicts.map((verdict) => {
    const text = note(verdict);
    const heading = findRequirement(verdict.requirement)?.title ?? '';
    return `- ${verdict.requirement} ${plain(heading)}${text === '' ? '' : ` (${plain(text)})`}`;
  });
  return [`## ${title}`, '', ...rows, ''];
}

const plain = (text: string): string =>
  escapeHtml(text)
    .replace(/&#39;/g, "'")
    .replace(/&quot;/g, '"');
