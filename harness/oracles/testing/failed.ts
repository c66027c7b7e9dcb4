import { judgeTrace } from '../judge.js';
import type { TraceBuilder } from './trace-builder.js';

/** The requirements that a trace breaks, sorted, each once. */
export function failed(trace: TraceBuilder): string[] {
  return [...new Set(judgeTrace(trace.events).findings.map((finding) => finding.requirement))].sort();
}

/** How often the precondition of a requirement was reached. */
export function exercised(trace: TraceBuilder, requirement: string): number {
  return judgeTrace(trace.events).verdicts.find((verdict) => verdict.requirement === requirement)!.exercised;
}
