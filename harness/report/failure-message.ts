import { requirementOf } from '../spec/requirements.js';
import { eventWords, timeWords } from './event-words.js';
import type { ReportedFinding } from './result.js';
import { printable } from './sanitize.js';
import { planWords } from './words.js';

/** A finding as plain text: what a failing test shows. */
export function failureMessage(finding: ReportedFinding): string {
  const requirement = requirementOf(finding.requirement);
  const { steps, disturbances } = planWords(finding.plan);
  const numbered = steps.map((step, index) => `  ${index + 1}. ${step}`);
  const lines = [
    `${finding.requirement} ${requirement.title}: ${requirement.text}`,
    `expected: ${finding.expected}`,
    `seen: ${finding.seen}`,
    `${finding.minimal ? 'minimal steps' : 'steps'}:`,
    ...numbered,
    ...disturbances.map((words) => `  with: ${words}`),
    'events:',
    ...finding.events.map((event) => `  ${timeWords(event.t)}  ${eventWords(event, finding.plan)}`),
    `replay: ${finding.replay}`,
  ];
  return lines.map((line) => printable(line, 1_000)).join('\n');
}
