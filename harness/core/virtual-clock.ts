import type { Clock, Timer } from './clock.js';
import { EventQueue } from './event-queue.js';

/** A clock that stands still until {@link VirtualClock.step} moves it to the next due event. */
export class VirtualClock implements Clock {
  private readonly queue = new EventQueue();
  private nowMs = 0;

  now(): number {
    return this.nowMs;
  }

  /** Live events still to come. */
  get pending(): number {
    return this.queue.size;
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.queue.push(delayMs > 0 ? this.nowMs + delayMs : this.nowMs, callback);
  }

  /** When the next event is due, or undefined when nothing is pending. */
  nextAtMs(): number | undefined {
    return this.queue.peekTime();
  }

  /** Moves to the next event and runs it. Returns false when nothing is pending. */
  step(): boolean {
    const event = this.queue.pop();
    if (event === undefined) return false;
    this.nowMs = event.atMs;
    const { run } = event;
    event.run = undefined;
    run!();
    return true;
  }

  /** Forgets everything pending. */
  clear(): void {
    this.queue.clear();
  }
}
