import { signatureOf, type Finding } from '../../harness/spec/verdict.js';

/** A finding in one line, for a failing test. */
export function failureText(finding: Finding): string {
  return `${signatureOf(finding)}: expected ${finding.expected} Seen: ${finding.seen}`;
}
