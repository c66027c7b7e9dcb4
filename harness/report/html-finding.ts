import { findRequirement } from '../spec/requirements.js';
import { eventWords, timeWords } from './event-words.js';
import { companyNeeded, laneWords, needsCompany, reproductionWords } from './groups.js';
import { isMust, type CampaignResult, type ReportedFinding } from './result.js';
import { escapeHtml } from './sanitize.js';
import { drawTimeline } from './timeline-svg.js';
import { timelineOf } from './timeline.js';
import { count, planWords, podWords, subjectWords } from './words.js';

const stepsShownMax = 200;
const eventsShownMax = 200;

/** One failure: requirement, steps, expected and seen, timeline, events and how to replay it. */
export function findingHtml(finding: ReportedFinding, index: number, result: CampaignResult): string {
  const requirement = findRequirement(finding.requirement);
  const known = result.knownFailing?.excusedSignatures.includes(finding.signature) === true;
  const must = isMust(finding.requirement);
  const badge = known ? 'known' : must ? 'MUST' : 'SHOULD';
  const style = known ? ' known' : must ? '' : ' should';
  const id = `finding-${index + 1}`;
  return [
    `<article class="finding${style}" id="${id}" aria-labelledby="${id}-title">`,
    `<h3 id="${id}-title"><span class="badge ${known || !must ? 'inconclusive' : 'fail'}">${badge}</span>${escapeHtml(finding.requirement)} ${escapeHtml(requirement?.title ?? '')}</h3>`,
    `<p>${escapeHtml(requirement?.text ?? '')}</p>`,
    `<p class="dim">About ${escapeHtml(subjectWords(finding.subject))}</p>`,
    '<dl class="compare">',
    `<div><dt>Expected</dt><dd>${escapeHtml(finding.expected)}</dd></div>`,
    `<div><dt>Seen</dt><dd>${escapeHtml(finding.seen)}</dd></div></dl>`,
    stepsHtml(finding),
    timelineHtml(finding),
    eventsHtml(finding),
    ...(finding.irrelevant.length === 0
      ? []
      : ['<h4>Does not matter</h4>', `<p>${escapeHtml(finding.irrelevant.join(', '))}</p>`]),
    ...reproductionHtml(finding),
    `<h4>Replay</h4><pre tabindex="0">${escapeHtml(finding.replay)}</pre>`,
    `<p><a href="${escapeHtml(encodeURI(finding.case))}">Case file</a></p>`,
    '</article>',
  ].join('\n');
}

function stepsHtml(finding: ReportedFinding): string {
  const { plan } = finding;
  const { steps, disturbances } = planWords(plan);
  const certificate = finding.minimal ? 'none of them can be left out' : 'not shown to be minimal';
  const stepItems = steps
    .slice(0, stepsShownMax)
    .map((words, index) => `<li><b>${escapeHtml(plan.steps[index]!.id)}</b>${escapeHtml(words)}</li>`);
  const disturbanceItems = disturbances.slice(0, stepsShownMax).map((words, index) => {
    const name = index < plan.faults.length ? `F${index + 1}` : 'delay';
    return `<li><b>${name}</b>${escapeHtml(words)}</li>`;
  });
  const more =
    steps.length > stepsShownMax ? `<p>… and ${count(steps.length - stepsShownMax, 'more step')}</p>` : '';
  return [
    `<h4>Steps <span class="dim">(${certificate})</span></h4>`,
    `<ol class="steps">${stepItems.join('')}</ol>${more}`,
    disturbanceItems.length === 0
      ? ''
      : `<h4>Meanwhile</h4><ul class="disturbances">${disturbanceItems.join('')}</ul>`,
    `<details class="more"><summary>Pods</summary><ul>${podWords(plan)
      .slice(0, stepsShownMax)
      .map((words) => `<li>${escapeHtml(words)}</li>`)
      .join('')}</ul></details>`,
  ].join('');
}

function timelineHtml(finding: ReportedFinding): string {
  const trace = finding.trace ?? finding.events;
  if (trace.length === 0) return '';
  const timeline = timelineOf(trace, { atMs: finding.atMs, subject: finding.subject.name });
  const drawn = drawTimeline(timeline, { atMs: finding.atMs, label: `${finding.requirement} violated` });
  const left = [
    ...(timeline.leftOut.pods > 0 ? [count(timeline.leftOut.pods, 'further pod')] : []),
    ...(timeline.leftOut.events > 0 ? [count(timeline.leftOut.events, 'event')] : []),
  ];
  const note = left.length === 0 ? '' : ` Left out: ${left.join(' and ')}.`;
  return [
    '<h4>Timeline</h4>',
    `<div class="timeline">${drawn.labels}<div class="scroll" tabindex="0" role="region" aria-label="Timeline of ${escapeHtml(finding.requirement)}, scrolls sideways">${drawn.drawing}</div></div>`,
    '<p class="legend"><span class="key good"></span>runs<span class="key calm"></span>held, wanted, ready<span class="key busy"></span>call',
    `<span class="key note"></span>being deleted<span class="key bad"></span>failed call or fault. Dots: what a source showed. Idle time is shortened.${note}</p>`,
  ].join('');
}

function eventsHtml(finding: ReportedFinding): string {
  const rows: { t: number; row: string }[] = finding.events.slice(0, eventsShownMax).map((event) => ({
    t: event.t,
    row: `<tr><td class="time">${timeWords(event.t)}</td><td>${escapeHtml(eventWords(event, finding.plan))}</td></tr>`,
  }));
  const violated = `<tr class="violated"><td class="time">${timeWords(finding.atMs)}</td><td>${escapeHtml(finding.requirement)} is violated</td></tr>`;
  const before = rows.filter(({ t }) => t <= finding.atMs).map(({ row }) => row);
  const after = rows.filter(({ t }) => t > finding.atMs).map(({ row }) => row);
  const lane = laneWords(finding);
  return [
    '<h4>What happened</h4>',
    lane === undefined ? '' : `<p class="legend">${escapeHtml(lane)}</p>`,
    '<table class="events"><thead><tr><th scope="col">Time</th><th scope="col">Event</th></tr></thead><tbody>',
    ...before,
    violated,
    ...after,
    '</tbody></table>',
  ].join('');
}

function reproductionHtml(finding: ReportedFinding): string[] {
  const tries = (finding.reproduces ?? []).filter(({ tried }) => tried > 0);
  if (tries.length === 0) return [];
  const items = tries.map((where) => `<li>${escapeHtml(reproductionWords(where))}</li>`);
  if (needsCompany(finding)) items.push(`<li>${escapeHtml(companyNeeded)}</li>`);
  return ['<h4>Tried in</h4><ul>', ...items, '</ul>'];
}
