import type { CriMethod, Fault, Plan, PlanPod } from '../spec/plan.js';
import type { RuntimeRequest, TraceEvent } from '../trace/events.js';

/** One call of the fault-free run, with one fault put on it. */
export interface SweepCase {
  /** For people: `CreateContainer web #2, lost reply`. */
  readonly name: string;
  readonly plan: Plan;
}

/** Calls that change nothing; an error in one of them is swept, a crash beside one is like a crash beside any. */
const readingCalls: ReadonlySet<CriMethod> = new Set<CriMethod>([
  'ListPodSandbox',
  'ListContainers',
  'ContainerStatus',
  'PodSandboxStatus',
  'ImageStatus',
]);
/** What every agent asks all the time: sweeping it would multiply cases without saying anything new. */
const leftOut: ReadonlySet<CriMethod> = new Set<CriMethod>([
  'Version',
  'Status',
  'RuntimeConfig',
  'GetContainerEvents',
  'ListImages',
  'ImageFsInfo',
]);
/** Of every list call only so many occurrences are swept: idle polls are all alike. */
const listOccurrencesMax = 12;

const changingEffects = ['crashBefore', 'crashAfter', 'lostReply', 'errorBefore'] as const;
const readingEffects = ['errorBefore', 'staleList'] as const;

/**
 * The systematic single-fault sweep: from a plan and the trace of its run without faults, one plan for every
 * runtime call and everything that can happen to it. Finite and countable, so that a run can say `312 of 312`.
 */
export function sweepPlans(plan: Plan, trace: readonly TraceEvent[]): SweepCase[] {
  const started = trace.find((event) => event.kind === 'run.started');
  const nodeName = started?.kind === 'run.started' ? started.nodeName : '';
  const counts = new Map<string, number>();
  const cases: SweepCase[] = [];
  for (const event of trace) {
    if (event.kind === 'phase' && event.phase === 'heal') break;
    if (event.kind !== 'runtime.request' || leftOut.has(event.method)) continue;
    const pod = slotOfCall(plan.setup.pods, event, nodeName);
    const key = `${event.method}/${pod?.slot ?? ''}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    const reading = readingCalls.has(event.method);
    if (reading && nth > listOccurrencesMax) continue;
    const point = { call: event.method, ...(pod === undefined ? {} : { pod: pod.slot }), nth };
    for (const effect of reading ? readingEffects : changingEffects) {
      if (effect === 'staleList' && !event.method.startsWith('List')) continue;
      cases.push({
        name: `${event.method} ${pod?.identity.name ?? ''} #${nth}, ${effectWords[effect]}`.replace(
          '  ',
          ' ',
        ),
        plan: { ...plan, faults: [faultOf(effect, point)], schedule: [] },
      });
    }
  }
  return cases;
}

type SweepEffect = (typeof changingEffects)[number] | (typeof readingEffects)[number];

const effectWords: Readonly<Record<SweepEffect, string>> = {
  crashBefore: 'crash before it',
  crashAfter: 'crash after it',
  lostReply: 'lost reply',
  errorBefore: 'error',
  staleList: 'stale answer',
};

function faultOf(effect: SweepEffect, at: Fault['at']): Fault {
  switch (effect) {
    case 'crashBefore':
    case 'crashAfter':
      return { at, effect, downMs: 0 };
    case 'staleList':
      return { at, effect, ms: 1_000 };
    case 'lostReply':
    case 'errorBefore':
      return { at, effect };
  }
}

/** The slot whose pod the call concerns, found as the faults of a run find it: by UID, else by name. */
function slotOfCall(
  pods: readonly PlanPod[],
  { podUid, podNamespace, podName }: RuntimeRequest,
  nodeName: string,
): PlanPod | undefined {
  if (podUid === undefined && podName === undefined) return undefined;
  return (
    pods.find(({ identity }) => identity.uid !== undefined && identity.uid === podUid) ??
    pods.find(
      ({ identity: { namespace, name } }) =>
        namespace === (podNamespace ?? 'default') && (name === podName || `${name}-${nodeName}` === podName),
    )
  );
}
