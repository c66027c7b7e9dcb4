import { createHash } from 'node:crypto';
import { findRequirement } from '../spec/requirements.js';
import {
  allFindings,
  countVerdicts,
  verdictGroups,
  verdictKinds,
  type VerdictGroup,
  doubtWords,
} from './groups.js';
import { findingHtml } from './html-finding.js';
import { pageStyle } from './html-style.js';
import { isExcused, isMust, type CampaignResult, type ReportedVerdict } from './result.js';
import { escapeHtml } from './sanitize.js';
import { outcomeSentence } from './outcome.js';
import { count, durationWords } from './words.js';

/** Findings shown in full; further ones are named and have their case files. */
const findingsMax = 40;

/**
 * The result as one self-contained page. It has no scripts and loads nothing: its policy allows the one style
 * sheet, by its hash, and nothing else, so that not even a hostile pod name that got past the escaping could act.
 */
export function htmlReport(result: CampaignResult): string {
  const hash = createHash('sha256').update(pageStyle).digest('base64');
  const findings = allFindings(result);
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    // Without it browsers ask the server for one, which the policy refuses with a message.
    '<link rel="icon" href="data:,">',
    `<title>Conformance of ${escapeHtml(result.agent.name, 100)}</title>`,
    `<style>${pageStyle}</style></head><body>`,
    '<a class="skip" href="#verdicts">Skip to the verdicts</a>',
    headerHtml(result),
    '<main>',
    ...remarksHtml(result),
    ...(findings.length === 0 ? [] : ['<nav aria-label="Failures">', ...findingLinks(result), '</nav>']),
    '<section aria-labelledby="verdicts"><h2 id="verdicts">Verdicts</h2>',
    ...verdictGroups(result.verdicts).map((group) => groupHtml(group, result)),
    '</section>',
    ...(findings.length === 0 ? [] : ['<section aria-labelledby="failures"><h2 id="failures">Failures</h2>']),
    ...findings.slice(0, findingsMax).map((finding, index) => findingHtml(finding, index, result)),
    ...(findings.length > findingsMax
      ? [`<p>… and ${findings.length - findingsMax} more; see report.json and cases/.</p>`]
      : []),
    ...(findings.length === 0 ? [] : ['</section>']),
    '</main>',
    `<footer>node-agent-conformance ${escapeHtml(result.suiteVersion)} · requirement catalogue revision ${result.catalogueRevision}</footer>`,
    '</body></html>',
    '',
  ].join('\n');
}

function headerHtml(result: CampaignResult): string {
  const { agent } = result;
  const version = agent.version === undefined ? '' : ` ${agent.version}`;
  const facts: [string, string][] = [
    ['Agent', `${agent.name}${version}`],
    ['Given as', agent.given],
    ['Sources', agent.sources.join(', ') || 'none'],
    ['World', `${result.world}, ${result.runtime} runtime`],
    ['Seed', result.seed],
    ['Cases', count(result.cases, 'case')],
    ['Effective steps', result.effectiveSteps.toLocaleString('en-US')],
    [
      'Time',
      `${count(result.simulatedSeconds, 'simulated second')} in ${durationWords(result.wallSeconds * 1_000)}`,
    ],
  ];
  return [
    `<header><h1>Conformance of ${escapeHtml(agent.name, 200)}</h1>`,
    `<p class="outcome exit-${result.exitCode}">${escapeHtml(outcomeSentence(result))}</p>`,
    '<dl class="facts">',
    ...facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`),
    '</dl></header>',
  ].join('');
}

function remarksHtml(result: CampaignResult): string[] {
  const known = result.knownFailing;
  const remarks = [
    ...(known?.unexpectedPasses ?? []).map((id) => `${id} is listed as known to fail but passes: remove it.`),
    ...(known?.unmatched ?? []).map(
      (entry) => `${entry.requirement} ${entry.subject ?? ''} in the known-failing file matches no failure.`,
    ),
    ...(result.flaky ?? []).map(
      (finding) =>
        `${finding.signature} was seen once: ${finding.seen} (${finding.case}). ${doubtWords(finding)}.`,
    ),
    ...result.warnings,
  ];
  if (remarks.length === 0) return [];
  return [
    '<section aria-labelledby="remarks"><h2 id="remarks">Remarks</h2><ul>',
    ...remarks.map((remark) => `<li>${escapeHtml(remark)}</li>`),
    '</ul></section>',
  ];
}

function findingLinks(result: CampaignResult): string[] {
  const links = allFindings(result)
    .slice(0, findingsMax)
    .map((finding, index) => {
      const title = findRequirement(finding.requirement)?.title ?? '';
      return `<li><a href="#finding-${index + 1}">${escapeHtml(finding.signature)}</a> ${escapeHtml(title)}</li>`;
    });
  return ['<h2>What failed</h2><ul>', ...links, '</ul>'];
}

function groupHtml(group: VerdictGroup, result: CampaignResult): string {
  const counts = countVerdicts(group.verdicts);
  const open = counts.fail > 0 || counts.inconclusive > 0 ? ' open' : '';
  const cells = verdictKinds
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `<span class="${className(kind)}">${counts[kind]} ${kind}</span>`);
  return [
    `<details class="group"${open}><summary><strong>${escapeHtml(group.name)}</strong><span class="counts">${cells.join('')}</span></summary>`,
    '<table><thead><tr><th scope="col">Requirement</th><th scope="col">Title</th><th scope="col">Verdict</th>',
    '<th scope="col" class="number hide-narrow">Exercised</th></tr></thead><tbody>',
    ...group.verdicts.map((verdict) => verdictRow(verdict, result)),
    '</tbody></table></details>',
  ].join('');
}

function verdictRow(verdict: ReportedVerdict, result: CampaignResult): string {
  const requirement = findRequirement(verdict.requirement);
  const findings = allFindings(result);
  const index = findings.findIndex((finding) => finding.requirement === verdict.requirement);
  const name = escapeHtml(verdict.requirement);
  const link = index >= 0 && index < findingsMax ? `<a href="#finding-${index + 1}">${name}</a>` : name;
  const notes = [
    ...(isMust(verdict.requirement) ? [] : ['SHOULD']),
    ...(isExcused(verdict, result.knownFailing) ? ['known'] : []),
    ...(verdict.reason === undefined ? [] : [verdict.reason]),
  ];
  const note = notes.length === 0 ? '' : `<br><span class="dim">${escapeHtml(notes.join('; '))}</span>`;
  return `<tr><td class="id">${link}</td><td>${escapeHtml(requirement?.title ?? '')}${note}</td><td><span class="verdict ${className(verdict.verdict)}">${verdict.verdict}</span></td><td class="number hide-narrow">${verdict.exercised.toLocaleString('en-US')}</td></tr>`;
}

function className(kind: string): string {
  return kind.replace(/ /g, '-');
}
