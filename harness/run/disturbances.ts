import type { CriMethod, Deviation, Fault, Plan } from '../spec/plan.js';
import type { SourceKind } from '../spec/pod.js';
import type { Journal } from '../trace/journal.js';
import type { SourceDisturbances, SourcePoint } from '../ports/source.js';
import type { PodSlots } from './pod-slots.js';

/** One fault or deviation with the count of the occurrences that matched its address so far. */
interface Counted<Item> {
  readonly item: Item;
  readonly index: number;
  seen: number;
}

/** A runtime call as faults and deviations address it. */
export interface CallIdentity {
  readonly method: CriMethod;
  readonly slot: number | undefined;
  readonly container: string | undefined;
}

/** What a plan does to messages: counts the occurrences of each address and says which are hit. */
export interface Disturbances extends SourceDisturbances {
  /** To be asked once per runtime call. */
  callFault(call: CallIdentity): Fault | undefined;
  /** To be asked once per runtime call: how much longer its request and its reply take, in milliseconds. */
  callDelays(call: CallIdentity): { readonly requestMs: number; readonly replyMs: number };
  /** To be asked once per runtime event. */
  eventFault(slot: number | undefined): Fault | undefined;
  /** Whether anything of the plan can still hit a runtime call of this method: lets the hot path skip. */
  concerns(method: CriMethod): boolean;
  /** Whether the plan answers a call of this method with an older list. */
  showsStale(method: CriMethod): boolean;
  /** From now on nothing is hit. */
  heal(): void;
}

const noDelays = { requestMs: 0, replyMs: 0 };

export function createDisturbances(plan: Plan, journal: Journal, slots: PodSlots): Disturbances {
  const callFaults = new Map<CriMethod, Counted<Fault>[]>();
  const sourceFaults = new Map<SourceKind, Counted<Fault>[]>();
  const eventFaults: Counted<Fault>[] = [];
  const callDeviations = new Map<CriMethod, Counted<Deviation>[]>();
  const deliveryDeviations = new Map<SourceKind, Counted<Deviation>[]>();
  const staleLists = new Set<CriMethod>();
  let healed = false;

  plan.faults.forEach((item, index) => {
    if ('call' in item.at && item.effect === 'staleList') staleLists.add(item.at.call);
    const counted = { item, index, seen: 0 };
    if ('call' in item.at) pushTo(callFaults, item.at.call, counted);
    else if ('event' in item.at) eventFaults.push(counted);
    else pushTo(sourceFaults, item.at.source, counted);
  });
  plan.schedule.forEach((item, index) => {
    const counted = { item, index, seen: 0 };
    if (item.message.kind === 'delivery') pushTo(deliveryDeviations, item.message.source, counted);
    else pushTo(callDeviations, item.message.call, counted);
  });

  /** Counts this occurrence on every fault whose address it matches; the first one due is the hit. */
  function hit(
    candidates: readonly Counted<Fault>[] | undefined,
    matches: (fault: Fault) => boolean,
    target: () => string,
  ): Fault | undefined {
    if (healed || candidates === undefined) return undefined;
    let found: Counted<Fault> | undefined;
    for (const candidate of candidates) {
      if (!matches(candidate.item)) continue;
      candidate.seen++;
      const first = firstOccurrence(candidate.item);
      if (
        found === undefined &&
        candidate.seen >= first &&
        candidate.seen < first + (candidate.item.count ?? 1)
      )
        found = candidate;
    }
    if (found === undefined) return undefined;
    journal.record({
      kind: 'fault',
      actor: 'harness',
      fault: found.index,
      effect: found.item.effect,
      target: target(),
    });
    return found.item;
  }

  return {
    callFault: (call) =>
      hit(
        callFaults.get(call.method),
        (fault) => 'call' in fault.at && matchesCall(fault.at, call),
        () =>
          [call.method, slots.label(call.slot), call.container]
            .filter((part) => part !== undefined)
            .join(' '),
      ),
    callDelays(call) {
      const candidates = callDeviations.get(call.method);
      if (healed || candidates === undefined) return noDelays;
      let requestMs = 0;
      let replyMs = 0;
      for (const candidate of candidates) {
        const { message, delayMs } = candidate.item;
        if (message.kind === 'delivery' || !matchesCall(message, call)) continue;
        if (++candidate.seen !== message.nth) continue;
        if (message.kind === 'request') requestMs += delayMs;
        else replyMs += delayMs;
      }
      return { requestMs, replyMs };
    },
    eventFault: (slot) =>
      hit(
        eventFaults,
        (fault) => 'event' in fault.at && (fault.at.pod === undefined || fault.at.pod === slot),
        () => `container event ${slots.label(slot) ?? ''}`,
      ),
    fault: (point) =>
      hit(
        sourceFaults.get(point.source),
        (fault) => matchesSource(fault, point, slots),
        () => describe(point),
      ),
    deliveryDelayMs(source) {
      const candidates = deliveryDeviations.get(source);
      if (healed || candidates === undefined) return 0;
      let delayMs = 0;
      for (const candidate of candidates) {
        const { message } = candidate.item;
        if (message.kind === 'delivery' && ++candidate.seen === message.nth)
          delayMs += candidate.item.delayMs;
      }
      return delayMs;
    },
    concerns: (method) => !healed && (callFaults.has(method) || callDeviations.has(method)),
    showsStale: (method) => staleLists.has(method),
    heal() {
      healed = true;
    },
  };
}

function pushTo<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function firstOccurrence({ at }: Fault): number {
  if ('poll' in at) return at.poll;
  if ('message' in at) return at.message;
  return at.nth;
}

function matchesCall(
  at: { pod?: number | undefined; container?: string | undefined },
  call: CallIdentity,
): boolean {
  return (
    (at.pod === undefined || at.pod === call.slot) &&
    (at.container === undefined || at.container === call.container)
  );
}

function matchesSource({ at }: Fault, point: SourcePoint, slots: PodSlots): boolean {
  if (point.source !== 'api' || !('request' in at)) return true;
  if (at.request !== point.request || (at.resource ?? 'pods') !== point.resource) return false;
  if (at.name !== undefined && at.name !== point.name) return false;
  if (at.subresource !== undefined && at.subresource !== point.subresource) return false;
  return at.pod === undefined || at.pod === slots.byName(point.namespace, point.name);
}

function describe(point: SourcePoint): string {
  if (point.source !== 'api') return point.source;
  return ['api', point.request, point.resource, point.name].filter((part) => part !== undefined).join(' ');
}
