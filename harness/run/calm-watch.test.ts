import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../core/virtual-clock.js';
import { createCalmWatch, type CalmWatch, type CalmWatchOptions } from './calm-watch.js';
import type { Deadlines } from './deadlines.js';
import { createRuntimeView, type RuntimeView } from './runtime-view.js';

const deadlines: Deadlines = { calmMs: 3_000, settleMs: 30_000, quietMs: 0 };

let clock: VirtualClock;
let view: RuntimeView;
let isBusy: boolean;
let isOver: boolean;
beforeEach(() => {
  clock = new VirtualClock();
  view = createRuntimeView();
  isBusy = false;
  isOver = false;
});

function watch(more: Partial<CalmWatchOptions> = {}): CalmWatch {
  return createCalmWatch({
    clock,
    deadlines,
    view: () => view,
    isBusy: () => isBusy,
    isOver: () => isOver,
    ...more,
  });
}

/** When the wait ended, in milliseconds of the clock, and how. */
function waited(calm: CalmWatch): { atMs?: number; isCalm?: boolean } {
  const ended: { atMs?: number; isCalm?: boolean } = {};
  calm.wait((isCalm) => Object.assign(ended, { atMs: clock.now(), isCalm }));
  while (clock.step());
  return ended;
}

/** Leaves a sandbox behind in which nothing runs. */
function leaveSandbox(): void {
  view.observe({
    kind: 'sandbox',
    id: 'sandbox-1',
    state: 'notReady',
    podUid: 'uid-1',
    podNamespace: 'default',
    podName: 'web',
  } as Parameters<RuntimeView['observe']>[0]);
}

describe('calm', () => {
  test('comes when nothing has changed for the window', () => {
    const calm = watch();
    clock.after(1_000, () => calm.stir());
    expect(waited(calm)).toEqual({ atMs: 4_000, isCalm: true });
  });

  test('counts from when what was on its way has arrived, give or take a look', () => {
    isBusy = true;
    clock.after(5_100, () => (isBusy = false));
    const { atMs, isCalm } = waited(watch());
    expect(isCalm).toBe(true);
    expect(atMs).toBeGreaterThanOrEqual(8_000);
    expect(atMs).toBeLessThan(8_500);
  });

  test('that does not come ends at the deadline', () => {
    isBusy = true;
    expect(waited(watch())).toEqual({ atMs: 30_000, isCalm: false });
  });

  test('calls nobody back when the run has ended', () => {
    clock.after(1_000, () => (isOver = true));
    expect(waited(watch())).toEqual({});
  });

  test('waits for an agent that was kept from looking at the runtime, and not for ever', () => {
    let looks = 0;
    for (const atMs of [4_000, 5_000, 6_000]) clock.after(atMs, () => looks++);
    expect(waited(watch({ looks: () => looks }))).toEqual({ atMs: 6_000, isCalm: true });
    const fromMs = clock.now();
    const calm = watch({ looks: () => 0 });
    calm.stir();
    expect(waited(calm)).toEqual({ atMs: fromMs + 12_000, isCalm: true });
  });

  describe('where less may do', () => {
    const calmBy = { restMs: 1_000, dueMs: 2_000, garbageMs: 2_500 };
    const soon = { ...deadlines, calmBy };
    const isInPlace = (): boolean => true;

    test('lasts as long as what may still be waited for', () => {
      expect(waited(watch({ deadlines: soon, isInPlace }))).toEqual({ atMs: 1_000, isCalm: true });
      for (const notKnown of [{}, { isInPlace: () => false }]) {
        const fromMs = clock.now();
        const calm = watch({ deadlines: soon, ...notKnown });
        calm.stir();
        expect(waited(calm)).toEqual({ atMs: fromMs + 2_000, isCalm: true });
      }
      const fromMs = clock.now();
      leaveSandbox();
      const calm = watch({ deadlines: soon, isInPlace });
      calm.stir();
      expect(waited(calm)).toEqual({ atMs: fromMs + 2_500, isCalm: true });
    });

    test('is looked for as soon as it may have come, though more was waited for before', () => {
      let isThere = false;
      const calm = watch({ deadlines: soon, isInPlace: () => isThere });
      clock.after(500, () => {
        isThere = true;
        calm.stir();
      });
      expect(waited(calm)).toEqual({ atMs: 1_500, isCalm: true });
    });

    test('waits for what is left of pods to be collected', () => {
      leaveSandbox();
      const calm = watch({ deadlines: { ...soon, collectionMs: 10_000 }, isInPlace });
      expect(waited(calm)).toEqual({ atMs: 10_000, isCalm: true });
    });
  });
});
