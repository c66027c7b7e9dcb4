import pc from 'picocolors';
import { findRequirement } from '../spec/requirements.js';
import type { Verdict } from '../spec/verdict.js';
import type { TraceEvent } from '../trace/events.js';
import { eventWords, timeWords } from './event-words.js';
import { printable } from './sanitize.js';

/** What the oracles say of one trace, for a terminal: each finding with its events, and the counts last. */
export function judgedTraceText(
  verdicts: readonly Verdict[],
  trace: readonly TraceEvent[],
  useColors: boolean,
): string {
  const colors = pc.createColors(useColors);
  const lines: string[] = [];
  for (const finding of verdicts.flatMap((verdict) => verdict.findings)) {
    const requirement = findRequirement(finding.requirement);
    lines.push(
      `${colors.red(colors.bold('FAIL'))} ${colors.bold(finding.requirement)} ${requirement?.title ?? ''}`,
      `  ${requirement?.text ?? ''}`,
      `  ${colors.dim('about')} ${finding.subject.role} ${printable(finding.subject.name)}`,
      `  ${colors.bold('Expected')} ${printable(finding.expected)}`,
      `  ${colors.bold('Seen')}     ${printable(finding.seen)}`,
    );
    const named = new Set(finding.events);
    for (const event of trace)
      if (named.has(event.seq)) lines.push(`    ${timeWords(event.t)}  ${printable(eventWords(event))}`);
    lines.push(`    ${timeWords(finding.atMs)}  ${colors.red(`${finding.requirement} is violated`)}`, '');
  }
  const count = (kind: Verdict['verdict']): number =>
    verdicts.filter((verdict) => verdict.verdict === kind).length;
  lines.push(
    `${trace.length} events: ${count('fail')} requirements broken, ${count('pass')} held, ` +
      `${count('inconclusive')} inconclusive, ${count('not exercised')} not exercised.`,
  );
  return `${lines.join('\n')}\n`;
}
