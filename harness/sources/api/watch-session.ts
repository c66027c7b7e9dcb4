import type { Timer } from '../../core/clock.js';
import type { Pod } from '../../spec/pod.js';
import type { WatchEvent } from '../../ports/agent.js';
import { bookmarkEvent, errorEventOf, type WatchOrigin } from '../../../fakes/api-server/watch-objects.js';
import type { Route } from '../../../fakes/api-server/route.js';
import type { WatchReceiver } from '../../../fakes/api-server/api-backend.js';
import { faultAt, faultDefaultMs, recordServed, showsAllPods, type GateContext } from './gate-context.js';

interface WatchSessionOptions {
  readonly route: Route;
  readonly query: Readonly<Record<string, string>>;
  readonly receiver: WatchReceiver;
  /** Shared by all watches: the newest version of each pod that the agent was shown. */
  readonly shown: Map<string, number>;
}

interface Queued {
  readonly dueMs: number;
  readonly run: () => void;
}

/** An event held back by `reorder` waits for another pod's event at most this long, in milliseconds. */
const reorderMs = 500;
/** Events waiting on one watch before it is cut, as a server does with slow readers. */
const queueMax = 10_000;

/** One open watch: keeps its order whatever the plan delays, and journals what arrives as `source.served`. */
export class WatchSession {
  private readonly queue: Queued[] = [];
  private timer: Timer | undefined;
  private isOver = false;
  private isSilent = false;
  private swap: 'off' | 'armed' | { readonly key: string; readonly send: () => void; readonly timer: Timer } =
    'off';
  private last: WatchEvent | undefined;
  private initialPods: Pod[] | undefined;
  private readonly isJournalled: boolean;
  private readonly onOver: (() => void)[] = [];

  constructor(
    private readonly context: GateContext,
    private readonly options: WatchSessionOptions,
  ) {
    const { route, query } = options;
    this.isJournalled = showsAllPods(context, route, query);
    if (query['sendInitialEvents'] === 'true') this.initialPods = [];
  }

  get isOpen(): boolean {
    return !this.isOver && this.options.receiver.caller.alive;
  }

  get busy(): boolean {
    return this.isOpen && (this.queue.length > 0 || typeof this.swap === 'object');
  }

  /** Runs once when the watch is over, by whomever. */
  whenOver(callback: () => void): void {
    if (this.isOver) callback();
    else this.onOver.push(callback);
  }

  /** Nothing arrives any more until heal cuts the watch. */
  silence(): void {
    this.isSilent = true;
  }

  get silent(): boolean {
    return this.isSilent;
  }

  /** Sends what the server's watch says. */
  push(event: WatchEvent, origin: WatchOrigin): void {
    // Nobody closes the watches of a life that was killed.
    if (!this.isOpen) this.close();
    if (this.isOver || this.isSilent) return;
    if (event.type === 'ERROR') {
      this.fail(event);
      return;
    }
    if (event.type === 'BOOKMARK' || origin === 'initial') {
      this.enqueue(0, () => this.deliver(event, origin));
      return;
    }
    const send = (): void => this.sendDisturbed(event, origin);
    const key = `${event.object.metadata?.namespace ?? ''}/${event.object.metadata?.name ?? ''}`;
    const held = this.swap;
    if (held === 'off') send();
    else if (held === 'armed') {
      const timer = this.context.source.clock.after(reorderMs, () => this.release());
      this.swap = { key, send, timer };
    } else if (held.key === key) {
      // Only events of different pods may change places: one pod's own history has an order.
      this.release();
      send();
    } else {
      send();
      this.release();
    }
  }

  /** What there was at first has been pushed. Without bookmarks nothing else says so. */
  endInitial(): void {
    if (this.initialPods === undefined || !this.isJournalled || !this.isOpen || this.isSilent) return;
    if (this.options.query['allowWatchBookmarks'] === 'true') return;
    const shown = this.context.store.revision();
    this.enqueue(0, () => {
      this.context.catchUp.noteShown(shown);
      this.journalInitial();
    });
  }

  /** The next two events, if they concern different objects, change places. */
  reorderNext(): void {
    if (this.swap === 'off') this.swap = 'armed';
  }

  /** Lets go of an event that waits for another to overtake it. */
  release(): void {
    const held = this.swap;
    this.swap = 'off';
    if (typeof held !== 'object') return;
    held.timer.cancel();
    held.send();
  }

  /** Sends the last event once more. False when there was none. */
  repeatLast(): boolean {
    const { last } = this;
    if (last === undefined || !this.isOpen || this.isSilent) return false;
    this.enqueue(0, () => this.deliver(last, 'none'));
    return true;
  }

  /** Sends a bookmark, if the watcher asked for bookmarks. */
  bookmark(): boolean {
    const { route, query } = this.options;
    if (query['allowWatchBookmarks'] !== 'true' || !this.isOpen || this.isSilent) return false;
    this.push(bookmarkEvent(route.resource, this.context.store.revision()), 'none');
    return true;
  }

  /** Sends the ERROR event behind what is under way, and ends. */
  fail(event: WatchEvent): void {
    if (!this.isOpen || this.isSilent) return;
    this.release();
    this.enqueue(0, () => {
      this.journalError(`status ${event.object.code ?? 500}`);
      this.options.receiver.onEvent(event);
    });
    this.enqueue(0, () => this.finish(200));
  }

  /** A normal end, behind what is under way. */
  end(): void {
    if (!this.isOpen || this.isSilent) return;
    this.release();
    this.enqueue(0, () => this.finish(200));
  }

  /** The connection breaks; what is under way is lost. */
  cut(): void {
    if (!this.isOpen) return;
    this.journalError('ECONNRESET');
    this.finish(0);
  }

  /** The receiver has gone. */
  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.queue.length = 0;
    this.timer?.cancel();
    if (typeof this.swap === 'object') this.swap.timer.cancel();
    for (const callback of this.onOver) callback();
  }

  private finish(status: number): void {
    const { receiver } = this.options;
    const isHeard = this.isOpen;
    this.close();
    if (isHeard) receiver.onEnd(status);
  }

  private sendDisturbed(event: WatchEvent, origin: WatchOrigin): void {
    const { context } = this;
    const { route } = this.options;
    const { namespace, name } = event.object.metadata ?? {};
    const point = { resource: route.resource, ...(namespace && { namespace }), ...(name && { name }) };
    const fault = faultAt(context, 'watchEvent', point);
    const extraMs = this.isJournalled ? context.source.disturbances.deliveryDelayMs('api') : 0;
    const deliver = (): void => this.deliver(event, origin);
    switch (fault?.effect) {
      case 'reset':
        this.enqueue(extraMs, () => this.cut());
        return;
      case 'hang':
        this.silence();
        return;
      case 'status':
      case 'errorBefore':
      case 'errorAfter': {
        const code = fault.status ?? 500;
        if (fault.effect === 'errorAfter') this.enqueue(extraMs, deliver);
        this.fail(errorEventOf(code, `the watch ends with ${code} because the test plan says so`));
        return;
      }
      case 'delay':
        this.enqueue(extraMs + (fault.ms ?? faultDefaultMs), deliver);
        return;
      case 'duplicate':
        this.enqueue(extraMs, deliver);
        this.enqueue(0, () => this.deliver(event, 'none'));
        return;
      case 'stale':
        this.enqueue(extraMs, deliver);
        this.pushPrevious(event, origin);
        return;
      default:
        this.enqueue(extraMs, deliver);
    }
  }

  /** The version before is seen once more, after the one that replaced it. */
  private pushPrevious(event: WatchEvent, origin: WatchOrigin): void {
    if (event.type !== 'MODIFIED' || typeof origin !== 'object') return;
    const object = origin.change.previous as WatchEvent['object'];
    this.enqueue(0, () => this.deliver({ type: 'MODIFIED', object }, 'none'));
  }

  private enqueue(extraMs: number, run: () => void): void {
    if (this.queue.length >= queueMax) {
      this.cut();
      return;
    }
    const { clock } = this.context.source;
    this.queue.push({ dueMs: clock.now() + this.context.latencies.eventMs + extraMs, run });
    if (this.queue.length === 1) this.schedule();
  }

  private schedule(): void {
    const head = this.queue[0];
    if (head === undefined || this.isOver) return;
    const { clock } = this.context.source;
    // One behind a delayed one may be overdue.
    this.timer = clock.after(Math.max(0, head.dueMs - clock.now()), () => {
      // Taken out before it runs: it may end the watch, which empties the queue.
      this.queue.shift();
      if (this.isOpen) head.run();
      this.schedule();
    });
  }

  private deliver(event: WatchEvent, origin: WatchOrigin): void {
    this.last = event.type === 'BOOKMARK' ? this.last : event;
    if (this.isJournalled) this.journal(event, origin);
    this.options.receiver.onEvent(event);
  }

  private journal(event: WatchEvent, origin: WatchOrigin): void {
    const { context } = this;
    const revision = context.heldRevision();
    if (origin !== 'initial') context.catchUp.noteShown(Number(event.object.metadata?.resourceVersion));
    if (event.type === 'BOOKMARK') {
      // With sendInitialEvents the agent has a list only now that it is complete.
      if (origin === 'initialEnd') {
        this.journalInitial();
      } else recordServed(context, { outcome: 'change', change: 'bookmark', revision, pods: [] });
      return;
    }
    const pod = event.object as Pod;
    const isStale = this.noteShown(pod);
    if (origin === 'initial' && this.initialPods !== undefined) {
      this.initialPods.push(pod);
      return;
    }
    const change =
      event.type === 'ADDED' ? 'added' : event.type === 'DELETED' ? 'deleted' : ('modified' as const);
    recordServed(context, {
      outcome: 'change',
      change,
      ...(isStale ? { stale: true } : { revision }),
      pods: [pod],
    });
  }

  private journalInitial(): void {
    const revision = this.context.heldRevision();
    recordServed(this.context, { outcome: 'list', revision, pods: this.initialPods ?? [] });
    this.initialPods = undefined;
  }

  /** Whether the agent was shown a newer version of this pod before. */
  private noteShown(pod: Pod): boolean {
    const { shown } = this.options;
    const uid = pod.metadata.uid ?? '';
    const version = Number(pod.metadata.resourceVersion);
    if (version < (shown.get(uid) ?? 0)) return true;
    shown.set(uid, version);
    return false;
  }

  private journalError(detail: string): void {
    if (this.isJournalled) recordServed(this.context, { outcome: 'error', detail });
  }
}
