import type { SourceNames } from '../../ports/source.js';
import type { Plan, PlanPod, Step } from '../../spec/plan.js';
import { laneEnding } from '../../trace/lane-ending.js';

/** What tells the pods of one lane from those of all others: no two lanes of an agent ever have the same number. */
export function laneNames(lane: number): SourceNames {
  return {
    ending: laneEnding(lane),
    // Files that begin with a dot still do.
    fileName: (name) => (name.startsWith('.') ? `.${mark(lane)}-${name.slice(1)}` : `${mark(lane)}-${name}`),
  };
}

/** The number of the lane that a namespace belongs to. */
export function laneOfNamespace(namespace: string | undefined): number | undefined {
  const match = namespace === undefined ? null : /-lane([0-9]+)$/.exec(namespace);
  return match === null ? undefined : Number(match[1]);
}

function mark(lane: number): string {
  return `lane${lane}`;
}

/** A namespace is a label of DNS. */
const labelMax = 63;

/**
 * The plan with names that no other lane has. It differs in nothing else: which of its pods share a namespace, a name
 * or a UID stays as it was.
 */
export function planInLane(plan: Plan, lane: number): Plan {
  const ending = laneEnding(lane);
  const namespaces = distinct(
    plan.setup.pods.map((pod) => pod.identity.namespace),
    labelMax - ending.length,
  );
  const uidInLane = (uid: string): string => `${uid}${ending}`;
  const pods = plan.setup.pods.map((pod): PlanPod => {
    const { namespace, name, uid } = pod.identity;
    return {
      ...pod,
      identity: {
        namespace: `${namespaces.get(namespace)!}${ending}`,
        name,
        ...(uid === undefined ? {} : { uid: uidInLane(uid) }),
      },
    };
  });
  const steps = plan.steps.map((step): Step => {
    if (step.do !== 'duplicate' || step.uid === undefined) return step;
    return { ...step, uid: uidInLane(step.uid) };
  });
  return { ...plan, setup: { ...plan.setup, pods }, steps };
}

/** Each text cut to the length, with a number where two would become one. */
function distinct(texts: readonly string[], lengthMax: number): ReadonlyMap<string, string> {
  const cut = new Map<string, string>();
  const taken = new Set<string>();
  for (const text of texts) {
    if (cut.has(text)) continue;
    let short = text.slice(0, lengthMax);
    for (let count = 2; taken.has(short); count++)
      short = `${text.slice(0, lengthMax - 1 - String(count).length)}-${count}`;
    taken.add(short);
    cut.set(text, short);
  }
  return cut;
}
