import type { Fault, Plan } from '../spec/plan.js';
import type { Verdict } from '../spec/verdict.js';
import type { TraceEvent } from '../trace/events.js';

/**
 * What a run reached, coarsely: each requirement whose precondition was met, and each kind of fault that hit
 * something. A corpus with one plan for each shows most of what an agent can get wrong in its first minute.
 */
export function abstractStates(
  plan: Plan,
  verdicts: readonly Verdict[],
  events: readonly TraceEvent[],
): ReadonlySet<string> {
  const states = new Set<string>();
  for (const { requirement, exercised } of verdicts) if (exercised > 0) states.add(requirement);
  for (const event of events) {
    const fault = event.kind === 'fault' ? plan.faults[event.fault] : undefined;
    if (fault !== undefined) states.add(`${fault.effect} of ${pointOf(fault.at)}`);
  }
  return states;
}

function pointOf(at: Fault['at']): string {
  if ('call' in at) return at.call;
  if ('event' in at) return `${at.event} event`;
  return 'request' in at ? `${at.source} ${at.request}` : at.source;
}
