import type { Clock } from '../../core/clock.js';
import { VirtualClock } from '../../core/virtual-clock.js';
import type { Fault, PlanPod, Step } from '../../spec/plan.js';
import type { SourceKind } from '../../spec/pod.js';
import type { Life, SourceContext } from '../../ports/source.js';
import type { SourceHeld, SourceServed, TraceEvent } from '../../trace/events.js';
import { createJournal } from '../../trace/journal.js';

/** What a step is before it has an id. */
type WithoutId<Union> = Union extends Step ? Omit<Union, 'id'> : never;

/** A source's surroundings for a test: the plan's part in them is a list of faults and delays by occurrence. */
export interface TestContext<C extends Clock = VirtualClock> extends SourceContext {
  readonly clock: C;
  /** By the number of the occurrence, counted from 1. */
  readonly faults: Map<number, Partial<Fault> & Pick<Fault, 'effect'>>;
  readonly deliveryDelaysMs: Map<number, number>;
  held(): (SourceHeld & TraceEvent)[];
  served(): (SourceServed & TraceEvent)[];
}

/** Three pods: `web` with three versions, `db` with an explicit UID, and `web` again in slot 2. */
export const testPods: readonly PlanPod[] = [
  testPod(0, 'web', undefined),
  testPod(1, 'db', '11111111-0000-4000-8000-000000000001'),
  testPod(2, 'web', undefined),
];

export function createTestContext(): TestContext;
export function createTestContext<C extends Clock>(clock: C): TestContext<C>;
export function createTestContext(clock: Clock = new VirtualClock()): TestContext<Clock> {
  const journal = createJournal(clock);
  const faults: TestContext['faults'] = new Map();
  const deliveryDelaysMs = new Map<number, number>();
  let asked = 0;
  let deliveries = 0;
  return {
    clock,
    journal,
    nodeName: 'node-1',
    pods: testPods,
    faults,
    deliveryDelaysMs,
    disturbances: {
      fault(point) {
        const fault = faults.get(++asked);
        return fault === undefined
          ? undefined
          : ({ at: { ...point, nth: asked }, ...fault } as unknown as Fault);
      },
      deliveryDelayMs: (_source: SourceKind) => deliveryDelaysMs.get(++deliveries) ?? 0,
    },
    held: () => journal.events.filter((event) => event.kind === 'source.held'),
    served: () => journal.events.filter((event) => event.kind === 'source.served'),
  };
}

let stepCount = 0;

/** Gives the step an id. */
export function step(parts: WithoutId<Step>): Step {
  return { id: `s${++stepCount}`, ...parts } as Step;
}

export function createLife(incarnation = 1): Life {
  return { incarnation, alive: true };
}

/** Moves the clock by `ms`, letting promises settle after each event. */
export async function advance(clock: VirtualClock, ms: number): Promise<void> {
  let isOver = false;
  clock.after(ms, () => (isOver = true));
  while (!isOver) {
    clock.step();
    await settlePromises();
  }
}

/** Moves the clock until the promise settles, at most a simulated minute. */
export async function settleOn<Value>(clock: VirtualClock, promise: Promise<Value>): Promise<Value> {
  let isSettled = false;
  const done = (): void => {
    isSettled = true;
  };
  promise.then(done, done);
  const deadlineMs = clock.now() + 60_000;
  while (!isSettled && clock.now() < deadlineMs) {
    await settlePromises();
    if (!isSettled && !clock.step()) break;
    await settlePromises();
  }
  if (!isSettled) throw new Error('the promise did not settle within a simulated minute');
  return promise;
}

function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function testPod(slot: number, name: string, uid: string | undefined): PlanPod {
  const spec = (mark: string): PlanPod['specs'][number] => ({
    restartPolicy: 'Always',
    graceS: 5,
    containers: [{ name: 'main', image: 'workload', workload: { mark } }],
  });
  return {
    slot,
    identity: { namespace: 'default', name, ...(uid === undefined ? {} : { uid }) },
    specs: [spec(`${name}-${slot}-a`), spec(`${name}-${slot}-b`), spec(`${name}-${slot}-c`)],
  };
}
