import type { RequirementId } from '../spec/requirements.js';
import type { Finding } from '../spec/verdict.js';
import { signatureOf } from '../spec/verdict.js';
import type { NewFinding } from './oracle.js';

/** Collects findings and counts how often each requirement's precondition was reached. */
export interface Ledger {
  readonly findings: readonly Finding[];
  readonly counts: ReadonlyMap<RequirementId, number>;
  exercised(requirement: RequirementId): void;
  report(finding: NewFinding): void;
  /** Whether something with this signature was reported. */
  hasFailed(signature: string): boolean;
}

/** An agent that does one thing wrong for ever must not fill the memory: the first ones say it all. */
const findingsPerSignatureMax = 3;
const eventsMax = 8;

/** `now` tells time and sequence number of the event that is being judged. */
export function createLedger(now: () => { readonly t: number; readonly seq: number }): Ledger {
  const findings: Finding[] = [];
  const counts = new Map<RequirementId, number>();
  const perSignature = new Map<string, number>();
  return {
    findings,
    counts,
    exercised(requirement) {
      counts.set(requirement, (counts.get(requirement) ?? 0) + 1);
    },
    report(finding) {
      counts.set(finding.requirement, Math.max(1, counts.get(finding.requirement) ?? 0));
      const { t, seq } = now();
      const events = [...new Set([...finding.events, seq])]
        .filter((event) => event >= 0)
        .sort((left, right) => left - right)
        .slice(-eventsMax);
      const complete: Finding = { ...finding, atMs: t, events };
      const signature = signatureOf(complete);
      const known = perSignature.get(signature) ?? 0;
      if (known >= findingsPerSignatureMax) return;
      perSignature.set(signature, known + 1);
      findings.push(complete);
    },
    hasFailed: (signature) => perSignature.has(signature),
  };
}
