import { posix } from 'node:path';
import type { ReportedFinding } from './result.js';

/** Where the trace of a finding is, relative to the report folder; undefined when there is none. */
export function tracePath(finding: ReportedFinding): string | undefined {
  if (finding.trace === undefined || finding.trace.length === 0) return undefined;
  return `traces/${posix.basename(finding.case, '.json')}.ndjson`;
}
