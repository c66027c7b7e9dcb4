import { caseFileVersion, type CaseFile } from '../spec/case-file.js';
import { digestTrace } from '../trace/codec.js';
import type { CampaignResult, ReportedFinding } from './result.js';

/** What cases have from the campaign that found them. */
export type CaseOrigin = Pick<
  CampaignResult,
  'suiteVersion' | 'catalogueRevision' | 'agent' | 'world' | 'runtime'
>;

/** The case file of a finding. The same result gives the same file: it says nothing about when it was made. */
export function caseOf(result: CaseOrigin, finding: ReportedFinding): CaseFile {
  const { agent } = result;
  return {
    case: caseFileVersion,
    suiteVersion: result.suiteVersion,
    catalogueRevision: result.catalogueRevision,
    agent: {
      name: agent.name,
      ...(agent.version === undefined ? {} : { version: agent.version }),
      given: agent.given,
    },
    plan: finding.plan,
    requirement: finding.requirement,
    signature: finding.signature,
    world: result.world,
    runtime: result.runtime,
    traceHash: finding.traceHash,
    ...(finding.trace === undefined ? {} : { traceDigests: digestTrace(finding.trace) }),
    expected: finding.expected,
    seen: finding.seen,
    minimal: finding.minimal,
  };
}
