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
    const delay = delayMs > 0 ? delayMs : 0;
    const event = this.queue.push(this.nowMs + delay, callback);
    return { cancel: () => this.queue.cancel(event) };
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
    event.run();
    return true;
  }

  /** Forgets everything pending. */
  clear(): void {
    this.queue.clear();
  }
}
