import type { Clock, Timer } from '../../harness/core/clock.js';
import type { WatchEvent } from '../../harness/ports/agent.js';
import type { ApiBackend, WatchReceiver, WatchRequest } from './api-backend.js';
import type { ApiServer } from './api-server.js';
import type { ApiStore } from './api-store.js';
import { routeOf } from './route.js';
import { bookmarkEvent } from './watch-objects.js';

interface DirectBackendOptions {
  readonly server: ApiServer;
  readonly store: ApiStore;
  readonly clock: Clock;
  /** Between the bookmarks of a watch that asked for them. Default a minute. */
  readonly bookmarkEveryMs?: number;
}

/** A server that nobody disturbs: it answers at once. */
export function createDirectBackend(options: DirectBackendOptions): ApiBackend {
  return {
    request(caller, request, onOutcome) {
      const { answer } = options.server.handle(request);
      if (caller.alive) onOutcome({ kind: 'answer', answer });
    },
    watch: (receiver, request) => openWatch(options, receiver, request),
  };
}

const bookmarkEveryMsDefault = 60_000;
/** A watch that says nothing of its end is ended after this long, as by Kubernetes, in seconds. */
const timeoutDefaultS = 1_800;

function openWatch(
  { server, store, clock, bookmarkEveryMs = bookmarkEveryMsDefault }: DirectBackendOptions,
  receiver: WatchReceiver,
  request: WatchRequest,
): { close(): void } {
  const { path, query } = request;
  const timers = new Set<Timer>();
  let source: { close(): void } | undefined;
  let isOver = false;
  const close = (): void => {
    isOver = true;
    source?.close();
    for (const timer of timers) timer.cancel();
  };
  const end = (status: number, body?: unknown): void => {
    if (isOver) return;
    close();
    receiver.onEnd(status, body);
  };
  const result = server.watch(request, (event: WatchEvent) => {
    if (isOver || !receiver.caller.alive) return;
    receiver.onEvent(event);
    if (event.type === 'ERROR') end(200);
  });
  if ('refused' in result) {
    end(result.refused.status, result.refused.body);
    return { close };
  }
  source = result.open;
  // An error may have ended it before it was here.
  if (isOver) source.close();
  else {
    const timeoutS = Number(query['timeoutSeconds']);
    timers.add(clock.after((timeoutS > 0 ? timeoutS : timeoutDefaultS) * 1_000, () => end(200)));
    if (query['allowWatchBookmarks'] === 'true') repeatBookmarks();
  }
  return { close };

  function repeatBookmarks(): void {
    const timer = clock.after(bookmarkEveryMs, () => {
      timers.delete(timer);
      if (isOver) return;
      receiver.onEvent(bookmarkEvent(routeOf(path)!.resource, store.revision()));
      repeatBookmarks();
    });
    timers.add(timer);
  }
}
