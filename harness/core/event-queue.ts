import type { Timer } from './clock.js';

/** One entry of the {@link EventQueue}, and the timer that cancels it: thousands are made for each simulated case. */
export class QueuedEvent implements Timer {
  /** Cleared when the entry is cancelled or has been popped. */
  run: (() => void) | undefined;

  constructor(
    private readonly queue: EventQueue,
    readonly atMs: number,
    readonly order: number,
    run: () => void,
  ) {
    this.run = run;
  }

  /** Forgets the entry; harmless when it was popped already. */
  cancel(): void {
    if (this.run === undefined) return;
    this.run = undefined;
    this.queue.noteCancelled();
  }
}

/**
 * A binary heap ordered by time, then by the order of insertion. Cancelled entries stay in the heap until
 * they surface: removing them at once would cost a search, and timers are cancelled often.
 */
export class EventQueue {
  private readonly heap: QueuedEvent[] = [];
  private nextOrder = 0;
  private cancelledCount = 0;

  /** Entries that were pushed and neither popped nor cancelled. */
  get size(): number {
    return this.heap.length - this.cancelledCount;
  }

  push(atMs: number, run: () => void): QueuedEvent {
    const event = new QueuedEvent(this, atMs, this.nextOrder++, run);
    this.heap.push(event);
    this.siftUp(this.heap.length - 1);
    return event;
  }

  /** For entries only: one that is in the heap has been cancelled. */
  noteCancelled(): void {
    this.cancelledCount++;
  }

  /** The time of the earliest live entry, or undefined when there is none. */
  peekTime(): number | undefined {
    this.dropCancelled();
    return this.heap[0]?.atMs;
  }

  /** Takes the earliest live entry out. Whoever runs it clears its `run` first, so that a later cancel is harmless. */
  pop(): QueuedEvent | undefined {
    this.dropCancelled();
    if (this.heap.length === 0) return undefined;
    const top = this.heap[0]!;
    this.removeTop();
    return top;
  }

  clear(): void {
    for (const event of this.heap) event.run = undefined;
    this.heap.length = 0;
    this.cancelledCount = 0;
  }

  private dropCancelled(): void {
    while (this.heap.length > 0 && this.heap[0]!.run === undefined) {
      this.removeTop();
      this.cancelledCount--;
    }
  }

  private removeTop(): void {
    const last = this.heap.pop()!;
    if (this.heap.length === 0) return;
    this.heap[0] = last;
    this.siftDown();
  }

  private siftUp(start: number): void {
    const heap = this.heap;
    const event = heap[start]!;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = event;
  }

  private siftDown(): void {
    const heap = this.heap;
    const event = heap[0]!;
    const length = heap.length;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, event)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = event;
  }
}

function isBefore(left: QueuedEvent, right: QueuedEvent): boolean {
  return left.atMs !== right.atMs ? left.atMs < right.atMs : left.order < right.order;
}
