import type { ModelView } from '../model/model-view.js';

/** Something that has to have happened by some time. */
export interface Deadline {
  /** Still to be done; false drops it. */
  readonly open: () => boolean;
  /** How long it may take in calm, in milliseconds. */
  readonly boundMs: number;
  /** A later beginning than when it was armed, in milliseconds of the run. */
  readonly sinceMs?: () => number;
  /** Called once, when it was not done in a calm stretch of `boundMs`. */
  readonly missed: () => void;
}

export interface Deadlines {
  arm(deadline: Deadline): void;
  /** To be called with every event; one comparison when nothing is due. */
  advance(t: number): void;
}

/** Looks again this much later when something disturbs the agent at the time a deadline falls due. */
const recheckMs = 250;

/** Deadlines that disturbances put off: each is missed only after a calm stretch as long as its bound. */
export function createDeadlines(model: ModelView): Deadlines {
  const heap: { dueMs: number; armedMs: number; deadline: Deadline }[] = [];
  let nextMs = Infinity;

  const add = (item: (typeof heap)[number]): void => {
    let index = heap.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]!.dueMs <= item.dueMs) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = item;
    nextMs = heap[0]!.dueMs;
  };

  const take = (): (typeof heap)[number] => {
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      let index = 0;
      for (;;) {
        let child = 2 * index + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && heap[child + 1]!.dueMs < heap[child]!.dueMs) child += 1;
        if (heap[child]!.dueMs >= last.dueMs) break;
        heap[index] = heap[child]!;
        index = child;
      }
      heap[index] = last;
    }
    nextMs = heap.length === 0 ? Infinity : heap[0]!.dueMs;
    return first;
  };

  return {
    arm(deadline) {
      add({ dueMs: model.t + deadline.boundMs, armedMs: model.t, deadline });
    },
    advance(t) {
      while (t > nextMs) {
        const item = take();
        if (!item.deadline.open()) continue;
        const calmSince = Math.max(model.calmSinceMs(), item.armedMs, item.deadline.sinceMs?.() ?? 0);
        const dueMs = calmSince === Infinity ? t + recheckMs : calmSince + item.deadline.boundMs;
        if (t > dueMs) item.deadline.missed();
        else add({ ...item, dueMs });
      }
    },
  };
}
