import { z } from 'zod';
import { matchRequirements, type RequirementId } from '../spec/requirements.js';
import type { ReportedVerdict } from './result.js';

const entrySchema = z.union([
  z.string().min(1).max(64),
  z.strictObject({
    /** Identifier or glob: `MUX-03`, `TERM-*`. */
    requirement: z.string().min(1).max(64),
    /** Only findings about this role: `static pod`, `api pod` … */
    subject: z.string().min(1).max(64).optional(),
    /** It fails now and then: that it passes is as good. */
    sometimes: z.boolean().optional(),
    /** For the reader. */
    reason: z.string().max(1_000).optional(),
  }),
]);

/** A known-failing file: a list of requirement globs, each alone or with the subject's role and a reason. */
export const knownFailingSchema = z.union([
  z.array(entrySchema).max(1_000),
  z.strictObject({ knownFailing: z.array(entrySchema).max(1_000) }),
]);

export interface KnownFailing {
  readonly requirement: string;
  readonly subject?: string | undefined;
  readonly sometimes?: boolean | undefined;
  readonly reason?: string | undefined;
}

/** What became of the expectations of a known-failing file. */
export interface KnownFailingOutcome {
  /** Signatures of findings that were expected. */
  readonly excusedSignatures: readonly string[];
  /** Listed requirements that passed: the list is out of date. */
  readonly unexpectedPasses: readonly RequirementId[];
  /** Entries that match no requirement, or whose subject did not fail although its requirement did. */
  readonly unmatched: readonly KnownFailing[];
}

/** The entries of a validated file, in one form. */
export function knownFailingEntries(file: z.infer<typeof knownFailingSchema>): KnownFailing[] {
  const entries = Array.isArray(file) ? file : file.knownFailing;
  return entries.map((entry) => (typeof entry === 'string' ? { requirement: entry } : entry));
}

/** The entries of a plain text list: a glob a line, optionally the subject's role after it, `#` comments. */
export function parseKnownFailingText(text: string): KnownFailing[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [requirement = '', ...role] = line.split(/\s+/);
      return role.length === 0 ? { requirement } : { requirement, subject: role.join(' ') };
    });
}

/**
 * Compares the verdicts with what was expected to fail. It is two-sided: every requirement that an entry
 * matches is expected to fail, so one that passes is reported as well, unless it is said to fail only sometimes.
 * Requirements that were not selected, not exercised or not applicable say nothing either way.
 */
export function compareKnownFailing(
  verdicts: readonly ReportedVerdict[],
  entries: readonly KnownFailing[],
): KnownFailingOutcome {
  const excused = new Set<string>();
  const passes = new Set<RequirementId>();
  const unmatched: KnownFailing[] = [];
  const byId = new Map(verdicts.map((verdict) => [verdict.requirement, verdict]));
  for (const entry of entries) {
    const matches = matchRequirements([entry.requirement]);
    let roleMissing = false;
    let found = false;
    for (const { id } of matches) {
      const verdict = byId.get(id);
      if (verdict?.verdict === 'pass' && entry.sometimes !== true) passes.add(id);
      if (verdict?.verdict !== 'fail') continue;
      const findings = verdict.findings.filter(
        (finding) => entry.subject === undefined || finding.subject.role === entry.subject,
      );
      if (findings.length === 0) roleMissing = true;
      else found = true;
      for (const finding of findings) excused.add(finding.signature);
    }
    const isOutOfDate = roleMissing && !found && entry.sometimes !== true;
    if (matches.length === 0 || isOutOfDate) unmatched.push(entry);
  }
  return { excusedSignatures: [...excused], unexpectedPasses: [...passes], unmatched };
}
