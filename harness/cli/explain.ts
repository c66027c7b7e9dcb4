import { ExitCode, HarnessError } from '../core/errors.js';
import { checkedRequirements } from '../oracles/judge.js';
import type { Requirement } from '../spec/requirement.js';
import { matchRequirements, requirements } from '../spec/requirements.js';

/** The requirements that an identifier or glob names; a HarnessError with a suggestion when it names none. */
export function explained(pattern: string): Requirement[] {
  const found = matchRequirements([pattern]);
  if (found.length > 0) return found;
  const prefix = pattern.split('-')[0]!.toUpperCase();
  const near = requirements.filter(({ id }) => id.startsWith(`${prefix}-`)).map(({ id }) => id);
  throw new HarnessError({
    code: 'requirement-unknown',
    message: `There is no requirement ${pattern}.`,
    exitCode: ExitCode.usage,
    expected: near.length > 0 ? `one of: ${near.join(', ')}` : 'an identifier such as MUX-03, or a glob',
    got: pattern,
    hint: '`conformance list requirements` prints them all.',
  });
}

/** A requirement in full, for a terminal. */
export function explainText(requirement: Requirement): string {
  return [
    `${requirement.id} ${requirement.title} (${requirement.level})`,
    '',
    ...wrap(requirement.text),
    '',
    `Group     ${requirement.group}`,
    `Bound     ${requirement.bound}`,
    `Violated  ${requirement.seenAs}`,
    `Origin    ${requirement.origin}`,
    `Checked   ${checkedRequirements.has(requirement.id) ? 'yes' : 'no check yet'}`,
    '',
  ].join('\n');
}

function wrap(text: string, columns = 100): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
