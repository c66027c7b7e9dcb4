import { writeMethods } from '../spec/plan.js';
import type { Finding } from '../spec/verdict.js';
import type { TraceEvent } from '../trace/events.js';

/** A violation is shown by its own events and a few of those around it. */
const eventsMax = 24;

/**
 * What a report tells of a run to explain a violation, in the order of the trace: the violation's own events, and of
 * what came before them the steps, the faults, the lives of the agent and what the runtime itself refused.
 */
export function excerptOf(trace: readonly TraceEvent[], finding: Finding): TraceEvent[] {
  const named = new Set(finding.events);
  const refusals = refusalsBefore(trace, finding);
  const told = trace.filter(
    (event) =>
      named.has(event.seq) ||
      refusals.has(event.seq) ||
      (event.t <= finding.atMs &&
        (event.kind === 'step' ||
          event.kind === 'fault' ||
          event.kind === 'agent.started' ||
          event.kind === 'agent.ended')),
  );
  if (told.length <= eventsMax) return told;
  const rest = told.filter((event) => !named.has(event.seq)).slice(-Math.max(0, eventsMax - named.size));
  return told.filter((event) => named.has(event.seq) || rest.includes(event)).slice(-eventsMax);
}

/**
 * The answers, by `seq`, with which the runtime and no fault refused a write for the violation's pod; of those for the
 * same reason the first, since an agent tries again and again.
 */
function refusalsBefore(trace: readonly TraceEvent[], finding: Finding): ReadonlySet<number> {
  const refused = new Map<number, string>();
  const firsts = new Map<string, number>();
  const concerned = new Set<number>();
  // One pod's name may be a part of another's.
  const names = new Set(finding.subject.name.split(/[^\w.-]+/));
  for (const event of trace) {
    if (event.t > finding.atMs) break;
    if (event.kind === 'runtime.request') {
      const { podName, method } = event;
      if (podName === undefined || !writeMethods.has(method)) continue;
      if (names.has(podName)) concerned.add(event.call);
    } else if (event.kind === 'runtime.effect') {
      if (event.code !== 'OK' && concerned.has(event.call)) refused.set(event.call, event.code);
    } else if (event.kind === 'runtime.reply') {
      const code = refused.get(event.call);
      if (code === undefined) continue;
      const reason = `${event.method} ${code}`;
      if (!firsts.has(reason)) firsts.set(reason, event.seq);
    }
  }
  return new Set(firsts.values());
}
