import type { ApiPort } from '../../ports/agent.js';
import type { Pod } from '../../spec/pod.js';

/** A client that keeps a copy of the node's pods the usual way: list, watch, and list again where it must. */
export interface Informer {
  /** Resource versions by UID. */
  readonly pods: ReadonlyMap<string, string>;
  /** Complete lists read so far. */
  lists(): number;
  close(): void;
}

const path = '/api/v1/pods';
const retryMs = 20;

export function createInformer(
  port: ApiPort,
  options: { readonly nodeName: string; readonly after: (ms: number, run: () => void) => void },
): Informer {
  const fieldSelector = `spec.nodeName=${options.nodeName}`;
  const pods = new Map<string, string>();
  let lists = 0;
  let isClosed = false;
  let watching: { close(): void } | undefined;

  const retry = (run: () => void): void =>
    options.after(retryMs, () => {
      if (!isClosed) run();
    });

  const list = (): void => {
    port.request({ method: 'GET', path, query: { fieldSelector } }).then(
      ({ status, body }) => {
        if (status !== 200) {
          retry(list);
          return;
        }
        const { items, metadata } = body as {
          items: readonly Pod[];
          metadata: { resourceVersion: string };
        };
        lists++;
        pods.clear();
        for (const pod of items) pods.set(pod.metadata.uid!, pod.metadata.resourceVersion!);
        watch(metadata.resourceVersion);
      },
      () => retry(list),
    );
  };

  const watch = (from: string): void => {
    let version = from;
    let isGone = false;
    watching = port.watch(
      { path, query: { fieldSelector, resourceVersion: version, allowWatchBookmarks: 'true' } },
      ({ type, object }) => {
        if (type === 'ERROR') {
          isGone = object.code === 410;
          return;
        }
        const { uid, resourceVersion } = (object as Pod).metadata;
        version = resourceVersion!;
        if (type === 'DELETED') pods.delete(uid!);
        else if (type !== 'BOOKMARK') pods.set(uid!, version);
      },
      (status) => retry(() => (isGone || status === 410 ? list() : watch(version))),
    );
  };

  list();
  return {
    pods,
    lists: () => lists,
    close() {
      isClosed = true;
      watching?.close();
    },
  };
}
