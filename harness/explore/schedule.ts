import type { Prng } from '../core/prng.js';
import type { CriMethod, Deviation } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';
import { pick } from './pod-specs.js';

/** Three ways to bend the order of messages; each finds what the others miss. */
export const schedulerKinds = ['uniform', 'priority', 'starvation'] as const;
export type SchedulerKind = (typeof schedulerKinds)[number];

/** What a schedule may name. */
export interface ScheduleScope {
  readonly prng: Prng;
  readonly slots: readonly number[];
  readonly sources: readonly SourceKind[];
  /** The longest delay of one message. */
  readonly delayMaxMs: number;
}

type Message = Deviation['message'];
/** Someone whose messages are late together: a pod or a source. */
type Party = { readonly slot: number } | { readonly source: SourceKind };

const podCalls: readonly CriMethod[] = [
  'RunPodSandbox',
  'CreateContainer',
  'StartContainer',
  'StopContainer',
  'StopPodSandbox',
  'RemoveContainer',
  'RemovePodSandbox',
];
const listCalls: readonly CriMethod[] = ['ListPodSandbox', 'ListContainers', 'ContainerStatus'];

/** Deviations of this kind; each message is named at most once. */
export function drawSchedule(kind: SchedulerKind, scope: ScheduleScope): Deviation[] {
  switch (kind) {
    case 'uniform':
      return distinct(uniformSchedule(scope));
    case 'priority':
      return distinct(prioritySchedule(scope));
    case 'starvation':
      return distinct(starvationSchedule(scope));
  }
}

/** Independent delays of messages picked evenly. */
function uniformSchedule(scope: ScheduleScope): Deviation[] {
  const { prng } = scope;
  const count = prng.int(2, 16);
  return Array.from({ length: count }, () => ({
    message: drawMessage(scope, drawParty(scope), prng.int(1, 6)),
    delayMs: prng.int(1, scope.delayMaxMs),
  }));
}

/**
 * In the way of PCT: every party has a priority and its messages wait longer the lower that is; at `d` points
 * a party falls below all others. Ordering bugs that need few such points are found with a good chance.
 */
function prioritySchedule(scope: ScheduleScope): Deviation[] {
  const { prng } = scope;
  const parties = shuffled(prng, [
    ...scope.slots.map((slot): Party => ({ slot })),
    ...scope.sources.map((source): Party => ({ source })),
  ]);
  const changePoints = prng.int(1, 3);
  const demotions = new Map<Party, number>();
  for (let point = 0; point < changePoints; point++) demotions.set(pick(prng, parties), prng.int(1, 4));
  const unitMs = Math.max(1, Math.round((scope.delayMaxMs * (1 + prng.int(0, 3))) / (8 * parties.length)));
  const deviations: Deviation[] = [];
  parties.forEach((party, rank) => {
    const demotedAt = demotions.get(party) ?? Infinity;
    for (let nth = 1; nth <= 4; nth++) {
      const level = nth >= demotedAt ? parties.length + 2 : rank;
      if (level > 0) deviations.push({ message: drawMessage(scope, party, nth), delayMs: level * unitMs });
    }
  });
  return deviations;
}

/** One source, one pod, or one kind of call is late for long. */
function starvationSchedule(scope: ScheduleScope): Deviation[] {
  const { prng } = scope;
  const delayMs = prng.int(Math.ceil(scope.delayMaxMs / 3), scope.delayMaxMs);
  const length = prng.int(4, 24);
  const nths = Array.from({ length }, (_, index) => index + 1);
  const victim = prng.int(0, 3);
  if (victim === 0) {
    const source = pick(prng, scope.sources);
    return nths.map((nth) => ({ message: { kind: 'delivery', source, nth }, delayMs }));
  }
  const kind = prng.int(0, 1) === 0 ? 'request' : 'reply';
  if (victim === 1 || scope.slots.length === 0) {
    const call = pick(prng, [...listCalls, ...podCalls]);
    return nths.map((nth) => ({ message: { kind, call, nth }, delayMs }));
  }
  const pod = pick(prng, scope.slots);
  return podCalls.flatMap((call) =>
    nths.slice(0, 3).map((nth) => ({ message: { kind, call, pod, nth }, delayMs })),
  );
}

function drawParty(scope: ScheduleScope): Party {
  const { prng, slots, sources } = scope;
  const index = prng.int(0, slots.length * 2 + sources.length - 1);
  return index < slots.length * 2
    ? { slot: slots[index % slots.length]! }
    : { source: sources[index - slots.length * 2]! };
}

function drawMessage({ prng }: ScheduleScope, party: Party, nth: number): Message {
  if ('source' in party) return { kind: 'delivery', source: party.source, nth };
  const kind = prng.int(0, 1) === 0 ? 'request' : 'reply';
  if (prng.int(0, 5) === 0) return { kind, call: pick(prng, listCalls), nth: nth * prng.int(1, 5) };
  return { kind, call: pick(prng, podCalls), pod: party.slot, nth };
}

function shuffled<Value>(prng: Prng, values: readonly Value[]): Value[] {
  const result = [...values];
  for (let index = result.length - 1; index > 0; index--) {
    const other = prng.int(0, index);
    [result[index], result[other]] = [result[other]!, result[index]!];
  }
  return result;
}

function distinct(deviations: readonly Deviation[]): Deviation[] {
  const seen = new Set<string>();
  return deviations.filter(({ message }) => {
    const key =
      message.kind === 'delivery'
        ? `${message.source}/${message.nth}`
        : `${message.kind}/${message.call}/${message.pod ?? ''}/${message.nth}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
