import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../core/virtual-clock.js';
import type { CriResult } from '../../ports/cri.js';
import type { RuntimeBackend } from '../../ports/runtime.js';
import { createMemoryBackend } from '../../runtimes/memory/memory-backend.js';
import { planSchema, planVersion, type CriMethod, type Fault } from '../../spec/plan.js';
import { createJournal, type Journal } from '../../trace/journal.js';
import { createDisturbances } from '../disturbances.js';
import { createPodSlots } from '../pod-slots.js';
import { createRuntimeBoundary } from '../runtime-boundary.js';
import { createRuntimeSwitch, type LaneRuntime, type RuntimeSwitch } from './runtime-switch.js';

let clock: VirtualClock;
let backend: RuntimeBackend;
let runtimes: RuntimeSwitch;

beforeEach(() => {
  clock = new VirtualClock();
  runtimes = createRuntimeSwitch(() => backend);
  backend = createMemoryBackend({ clock, observer: runtimes.observer, epochMs: 0 });
});

interface Lane {
  readonly runtime: LaneRuntime;
  readonly journal: Journal;
  /** The lane is done with: nobody waits for what it still says. */
  leave(): void;
}

/** A lane whose plan has these faults. */
function enter(number: number, faults: readonly Fault[] = []): Lane {
  const journal = createJournal(clock);
  const slots = createPodSlots([], 'node-1');
  const setup = { sources: ['file'], timings: {}, pods: [] };
  const plan = planSchema.parse({
    plan: planVersion,
    seed: 's',
    suite: 'mux',
    setup,
    steps: [],
    faults,
    schedule: [],
  });
  const runtime = runtimes.join(number);
  const { boundary } = createRuntimeBoundary({
    clock,
    journal,
    slots,
    disturbances: createDisturbances(plan, journal, slots),
    backend: (observer) => runtime.backend(observer),
    latencyMs: () => 0,
    replyLatencyMs: 0,
    crashAgent() {},
    onActivity() {},
    onPull() {},
    onOwnExit() {},
  });
  const life = { incarnation: 1, alive: true };
  runtime.open(boundary, life);
  return {
    runtime,
    journal,
    leave() {
      runtime.close();
      life.alive = false;
      runtime.drop();
    },
  };
}

/** What the agent is answered; undefined while it is not. */
function call(method: CriMethod, request: object): CriResult | undefined {
  let answer: CriResult | undefined;
  runtimes.handle(method, request, (result) => (answer = result));
  return answer;
}

function runSandbox(namespace: string, uid: string): string {
  const metadata = { name: 'web', namespace, uid, attempt: 0 };
  const labels = { 'io.kubernetes.pod.namespace': namespace, 'io.kubernetes.pod.uid': uid };
  const answer = call('RunPodSandbox', { config: { metadata, labels } });
  return (answer as { response: { podSandboxId: string } }).response.podSandboxId;
}

function listed(): string[] {
  const answer = call('ListPodSandbox', {}) as { response: { items: { id: string }[] } };
  return answer.response.items.map(({ id }) => id).sort();
}

/** Methods and the sandboxes in their answers, as the lane has it in its trace. */
function seenBy({ journal }: Lane): string[] {
  return journal.events.flatMap((event) => {
    if (event.kind !== 'runtime.reply') return [];
    const { items } = (event.response ?? {}) as { items?: { id: string }[] };
    return [[event.method, ...(items ?? []).map(({ id }) => id)].join(' ')];
  });
}

describe('a runtime that lanes share', () => {
  it('lets each lane see its own part of what the agent is told', () => {
    const [one, two] = [enter(1), enter(2)];
    const first = runSandbox('default-lane1', 'u1');
    const second = runSandbox('default-lane2', 'u2');
    expect(listed()).toEqual([first, second].sort());
    expect(seenBy(one)).toEqual(['RunPodSandbox', `ListPodSandbox ${first}`]);
    expect(seenBy(two)).toEqual(['RunPodSandbox', `ListPodSandbox ${second}`]);
    expect([...one.runtime.sandboxes().keys()]).toEqual([first]);
  });

  it('shows what asks for the things of one pod to that lane only, also before there are any', () => {
    const [one, two] = [enter(1), enter(2)];
    const listOf = (uid: string) =>
      call('ListPodSandbox', { filter: { labelSelector: { 'io.kubernetes.pod.uid': uid } } });
    one.runtime.expect('u1');
    expect(listOf('u1')).toMatchObject({ response: { items: [] } });
    expect(seenBy(one)).toEqual(['ListPodSandbox']);
    // The UID of a static pod does not say whose it is.
    expect(listOf('0123456789abcdef')).toMatchObject({ response: { items: [] } });
    expect([seenBy(one), seenBy(two)]).toEqual([['ListPodSandbox'], []]);
    runSandbox('default-lane2', '0123456789abcdef');
    listOf('0123456789abcdef');
    expect(seenBy(two)).toHaveLength(2);
  });

  it.each([
    ['of its own', { filter: { labelSelector: { 'io.kubernetes.pod.namespace': 'default-lane1' } } }],
    ['of all', {}],
  ])('lets go of a list %s that hangs in one lane when the agent gives up on it', (_whose, request) => {
    const one = enter(1, [{ at: { call: 'ListPodSandbox', nth: 1 }, effect: 'hang' }]);
    enter(2);
    let giveUp = (): void => {};
    const answers: CriResult[] = [];
    const onGivenUp = (callback: () => void): void => void (giveUp = callback);
    runtimes.handle('ListPodSandbox', request, (result) => void answers.push(result), onGivenUp);
    expect(answers).toEqual([]);
    expect(one.runtime.openCalls()).toBe(1);
    giveUp();
    giveUp();
    expect(answers).toMatchObject([{ code: 'DEADLINE_EXCEEDED' }]);
    expect(one.runtime.openCalls()).toBe(0);
    expect(one.journal.events.at(-1)).toMatchObject({ kind: 'runtime.reply', code: 'DEADLINE_EXCEEDED' });
  });

  it('answers a list although one of the lanes left while the runtime took its time', () => {
    const [one] = [enter(1), enter(2)];
    const sandbox = runSandbox('default-lane2', 'u2');
    const held: (() => void)[] = [];
    const prompt = backend;
    backend = {
      ...prompt,
      invoke: (method, request, reply) => void held.push(() => prompt.invoke(method, request, reply)),
    };
    const answers: CriResult[] = [];
    runtimes.handle('ListPodSandbox', {}, (result) => void answers.push(result));
    one.leave();
    for (const invoke of held) invoke();
    expect(answers).toMatchObject([{ code: 'OK', response: { items: [{ id: sandbox }] } }]);
  });

  it('lets go of a list that only a lane that has left still holds up', () => {
    const one = enter(1, [{ at: { call: 'ListPodSandbox', nth: 1 }, effect: 'hang' }]);
    enter(2);
    const answers: CriResult[] = [];
    runtimes.handle('ListPodSandbox', {}, (result) => void answers.push(result));
    expect(answers).toEqual([]);
    one.leave();
    expect(answers).toMatchObject([{ code: 'OK' }]);
  });

  it('shows to a lane that an image is there once, and until then each time that it is not', () => {
    const one = enter(1);
    const status = (image: string) => call('ImageStatus', { image: { image } });
    const images = ['conformance/workload:v1', 'conformance/workload:v2'] as const;
    for (const image of [images[0], images[0]])
      expect((status(image) as { response: { image?: object } }).response.image).toBeFalsy();
    expect(seenBy(one)).toHaveLength(2);
    for (const image of images) call('PullImage', { image: { image } });
    while (clock.step());
    for (const image of [images[0], images[1], images[0]])
      expect((status(image) as { response: { image?: object } }).response.image).toBeTruthy();
    const two = enter(2);
    status(images[0]);
    const shown = (lane: Lane) => seenBy(lane).filter((call) => call === 'ImageStatus');
    expect([shown(one).length, shown(two).length]).toEqual([4, 1]);
  });

  it('shows no image to a lane that has left', () => {
    enter(1);
    const image = { image: 'conformance/workload:v1' };
    call('PullImage', { image });
    call('ImageStatus', { image });
    const two = enter(2);
    two.runtime.close();
    call('ImageStatus', { image });
    expect(seenBy(two)).toEqual([]);
  });

  it('gives the agent the answer of the runtime itself where no plan makes it another', () => {
    enter(1, [{ at: { call: 'ListPodSandbox', nth: 2 }, effect: 'partialList' }]);
    enter(2);
    for (const [namespace, uid] of [
      ['default-lane2', 'u1'],
      ['default-lane1', 'u2'],
      ['elsewhere', 'u3'],
      ['default-lane1', 'u4'],
    ] as const)
      runSandbox(namespace, uid);
    const uids = (): string[] => {
      const answer = call('ListPodSandbox', {}) as { response: { items: { metadata: { uid: string } }[] } };
      return answer.response.items.map(({ metadata }) => metadata.uid);
    };
    expect(uids()).toEqual(['u1', 'u2', 'u3', 'u4']);
    const answers: CriResult[] = [];
    runtimes.handle('ListPodSandbox', {}, (result) => void answers.push(result));
    expect(answers).toHaveLength(1);
    expect((answers[0] as { response: { items: object[] } }).response.items).toHaveLength(3);
    expect(uids()).toEqual(['u1', 'u2', 'u3', 'u4']);
  });

  it('falsifies the part of the plan that says so, and no other', () => {
    const partial: Fault = { at: { call: 'ListPodSandbox', nth: 1 }, effect: 'partialList' };
    const [one, two] = [enter(1, [partial]), enter(2)];
    const own = ['u1', 'u2'].map((uid) => runSandbox('default-lane1', uid));
    const others = ['u3', 'u4'].map((uid) => runSandbox('default-lane2', uid));
    const shown = listed();
    expect(shown.filter((id) => own.includes(id))).toHaveLength(1);
    expect(shown.filter((id) => others.includes(id))).toHaveLength(2);
    expect(one.journal.events.some((event) => event.kind === 'fault')).toBe(true);
    expect(two.journal.events.some((event) => event.kind === 'fault')).toBe(false);
    expect(listed()).toEqual([...own, ...others].sort());
  });

  it('refuses calls for the pods of one lane while those of another work', () => {
    const refused: Fault = {
      at: { call: 'StopPodSandbox', nth: 1 },
      effect: 'errorBefore',
      code: 'INTERNAL',
    };
    enter(1, [refused]);
    enter(2);
    const first = runSandbox('default-lane1', 'u1');
    const second = runSandbox('default-lane2', 'u2');
    expect(call('StopPodSandbox', { podSandboxId: second })?.code).toBe('OK');
    expect(call('StopPodSandbox', { podSandboxId: first })?.code).toBe('INTERNAL');
    expect(call('StopPodSandbox', { podSandboxId: first })?.code).toBe('OK');
  });

  it('takes pods of a lane that has left, and those of none, straight to the runtime', () => {
    const one = enter(1);
    const first = runSandbox('default-lane1', 'u1');
    one.runtime.close();
    const before = one.journal.events.length;
    expect(listed()).toEqual([first]);
    expect(one.journal.events).toHaveLength(before);
    one.runtime.drop();
    const stray = runSandbox('elsewhere', 'u9');
    expect(listed()).toEqual([first, stray].sort());
    expect(call('RemovePodSandbox', { podSandboxId: first })?.code).toBe('OK');
    expect(one.journal.events).toHaveLength(before);
  });

  it('tells each lane of the ends of its own containers', () => {
    const [one, two] = [enter(1), enter(2)];
    const events: string[] = [];
    runtimes.subscribe((event) => events.push(event.containerId));
    const podSandboxId = runSandbox('default-lane1', 'u1');
    const config = {
      metadata: { name: 'main', attempt: 0 },
      image: { image: 'conformance/workload:v1' },
      command: ['/workload'],
      args: [],
    };
    const metadata = { name: 'web', namespace: 'default-lane1', uid: 'u1', attempt: 0 };
    call('PullImage', { image: config.image });
    const created = call('CreateContainer', { podSandboxId, config, sandboxConfig: { metadata } });
    const { containerId } = (created as { response: { containerId: string } }).response;
    call('StartContainer', { containerId });
    backend.exitContainer(containerId, 3);
    while (clock.step());
    expect(new Set(events)).toEqual(new Set([containerId]));
    const changes = (lane: Lane): number =>
      lane.journal.events.filter((event) => event.kind === 'container').length;
    expect([changes(one), changes(two)]).toEqual([3, 0]);
  });
});
