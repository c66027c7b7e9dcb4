import type { ApiPort, WatchEvent } from '../../../harness/ports/agent.js';
import type { Pod } from '../../../harness/spec/pod.js';
import type { Timer } from '../../../harness/core/clock.js';
import { createPodStore } from './pod-store.js';
import type { SourceReaderContext } from './source-context.js';

/** Delays after failed lists and watches, before a random stretch of up to two. */
const backoffMinMs = 800;
const backoffMaxMs = 30_000;
/** A server ends a watch after so long; so does the agent, a little later, should the end get lost. */
const watchLengthMinS = 300;
const watchEndSlackMs = 10_000;
/** A watch that ends sooner than this without an event counts as failed. */
const watchLengthUsefulMs = 1_000;

/** How the API source tells of more than the pods that are to run. */
export interface ApiListeners {
  /** All pods of this node, mirror pods included, after each change. */
  readonly onObjects: (objects: readonly Pod[]) => void;
  /** Whether the server answered what it was asked last, or has not refused it so far. */
  readonly onAnswer: (answers: boolean) => void;
  readonly onNode: (node: { readonly uid: string }) => void;
  readonly isMirror: (pod: Pod) => boolean;
}

/** Lists and watches this node's pods once the node itself is known. Returns how to stop. */
export function readApi(context: SourceReaderContext, port: ApiPort, listeners: ApiListeners): () => void {
  const { decisions, scheduler, nodeName } = context;
  const store = createPodStore(decisions);
  const query = decisions.podSelector(nodeName);
  let backoffMs = backoffMinMs;
  let watch: { close(): void } | undefined;
  let limit: Timer | undefined;

  function later(task: () => void): void {
    const delayMs = Math.ceil(backoffMs * (1 + context.random()));
    backoffMs = Math.min(backoffMaxMs, 2 * backoffMs);
    scheduler.after(delayMs, task);
  }

  function deliver(): void {
    const objects = store.pods();
    listeners.onObjects(objects);
    context.deliver(objects.filter((pod) => decisions.mirrorIsDesired || !listeners.isMirror(pod)));
  }

  function onOutage(): void {
    listeners.onAnswer(false);
    if (decisions.onSourceError('api') !== 'empty') return;
    store.clear();
    deliver();
  }

  async function begin(): Promise<void> {
    try {
      await findNode();
      backoffMs = backoffMinMs;
      void list();
    } catch (error) {
      context.log(`node: ${String(error)}`);
      later(() => void begin());
    }
  }

  /**
   * Registers the node if it is not there. Pods can be served without it, so a refusal keeps nobody waiting but their
   * mirrors, which belong to it, and it is tried again beside the rest.
   */
  async function findNode(): Promise<void> {
    const found = await port.request({
      method: 'GET',
      path: '/api/v1/nodes',
      query: { fieldSelector: `metadata.name=${nodeName}` },
    });
    if (found.status !== 200 && found.status !== 404) throw new Error(`status ${found.status}`);
    let [node] = found.status === 200 ? itemsOf(found.body) : [];
    if (node === undefined) {
      const body = { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } };
      const created = await port.request({ method: 'POST', path: '/api/v1/nodes', body });
      if (created.status >= 300) return findNodeLater(`status ${created.status}`);
      node = created.body as Pod;
    }
    listeners.onNode({ uid: node.metadata.uid! });
  }

  function findNodeLater(why: unknown): void {
    context.log(`node: ${String(why)}`);
    later(() => void findNode().catch(findNodeLater));
  }

  async function list(): Promise<void> {
    try {
      const { status, body } = await port.request({ method: 'GET', path: '/api/v1/pods', query });
      if (scheduler.stopped()) return;
      if (status !== 200) throw new Error(`status ${status}`);
      const items = itemsOf(body);
      const version = (body as { metadata?: { resourceVersion?: string } }).metadata?.resourceVersion ?? '';
      if (!store.replace(items, version)) throw new Error('the list is older than what was seen before');
      backoffMs = backoffMinMs;
      deliver();
      openWatch();
    } catch (error) {
      context.log(`list of pods: ${String(error)}`);
      onOutage();
      later(() => void list());
    }
  }

  function openWatch(): void {
    if (scheduler.stopped()) return;
    const openedMs = scheduler.clock.now();
    const lengthS = Math.round(watchLengthMinS * (1 + context.random()));
    let isOver = false;
    let hasEvents = false;
    const finish = (next: 'list' | 'watch', isFailure: boolean): void => {
      if (isOver) return;
      isOver = true;
      limit?.cancel();
      opened?.close();
      if (scheduler.stopped()) return;
      if (next === 'watch' && decisions.onWatchEnd === 'giveUp') return;
      if (next === 'watch' && decisions.onWatchEnd === 'forget') {
        store.clear();
        deliver();
        next = 'list';
      }
      const go = next === 'list' ? () => void list() : openWatch;
      if (isFailure) later(go);
      else scheduler.after(0, go);
    };
    const onGone = (): void => {
      if (decisions.on410 === 'ignore') return finish('watch', true);
      if (decisions.on410 === 'relistFromEmpty') {
        store.clear();
        deliver();
      }
      finish('list', true);
    };
    const onEvent = (event: WatchEvent): void => {
      if (isOver || scheduler.stopped()) return;
      if (event.type === 'ERROR') {
        if (event.object.code === 410) onGone();
        else finish('watch', true);
        return;
      }
      hasEvents = true;
      backoffMs = backoffMinMs;
      if (store.apply(event)) deliver();
    };
    const onEnd = (status: number): void => {
      if (isOver) return;
      if (status === 410) return onGone();
      if (status !== 200) onOutage();
      const isUseless = !hasEvents && scheduler.clock.now() - openedMs < watchLengthUsefulMs;
      finish('watch', status !== 200 || isUseless);
    };
    const opened: { close(): void } | undefined = port.watch(
      {
        path: '/api/v1/pods',
        query: {
          ...query,
          resourceVersion: store.version(),
          allowWatchBookmarks: 'true',
          timeoutSeconds: String(lengthS),
        },
      },
      onEvent,
      onEnd,
    );
    watch = opened;
    if (isOver) return;
    listeners.onAnswer(true);
    limit = scheduler.after(lengthS * 1_000 + watchEndSlackMs, () => finish('watch', false));
  }

  void begin();
  return () => watch?.close();
}

function itemsOf(body: unknown): readonly Pod[] {
  const items = (body as { items?: unknown } | undefined)?.items;
  if (!Array.isArray(items)) throw new Error('the answer is not a list');
  return items as Pod[];
}
