import type { ApiPort, WatchEvent } from '../../ports/agent.js';
import type { Pod } from '../../spec/pod.js';
import { createSimApiSource } from '../api/sim-api-source.js';
import { advance, createLife, createTestContext, settleOn, step } from './test-context.js';

/** The selector that a node agent uses. */
export const ofNode = { fieldSelector: 'spec.nodeName=node-1' };
export const bookmarks = { ...ofNode, allowWatchBookmarks: 'true' };

/** The source in virtual time, with short words for what tests do to it. */
export function setUpSimApi() {
  const context = createTestContext();
  const source = createSimApiSource(context);
  const life = createLife();
  const port = source.port(life);
  const { clock } = context;
  return {
    context,
    source,
    life,
    port,
    advance: (ms: number) => advance(clock, ms),
    ask: (request: Parameters<ApiPort['request']>[0]) => settleOn(clock, port.request(request)),
    async list(query: Record<string, string> = ofNode) {
      const { status, body } = await settleOn(
        clock,
        port.request({ method: 'GET', path: '/api/v1/pods', query }),
      );
      const list = body as { items: Pod[]; metadata: { resourceVersion: string } };
      return { status, pods: list.items, version: list.metadata.resourceVersion };
    },
    watch(query: Record<string, string>) {
      const seen: string[] = [];
      const events: WatchEvent[] = [];
      const ends: number[] = [];
      const { close } = port.watch(
        { path: '/api/v1/pods', query },
        (event) => {
          events.push(event);
          seen.push(`${event.type} ${event.object.metadata?.name ?? event.object.code ?? ''}`.trim());
        },
        (status) => ends.push(status),
      );
      return { seen, events, ends, close };
    },
    add: (pod: number, spec = 0) => source.apply(step({ do: 'add', source: 'api', pod, spec })),
    update: (pod: number, spec: number) => source.apply(step({ do: 'update', source: 'api', pod, spec })),
    remove: (pod: number) => source.apply(step({ do: 'remove', source: 'api', pod })),
    delete: (pod: number, graceS: number) => source.apply(step({ do: 'delete', source: 'api', pod, graceS })),
    watchStep: (how: 'close' | 'gone' | 'compact' | 'bookmark' | 'duplicate' | 'reorder') =>
      source.apply(step({ do: 'watch', how })),
    outage: (phase: 'begin' | 'end') => source.apply(step({ do: 'outage', source: 'api', phase })),
  };
}
