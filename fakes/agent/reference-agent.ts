import type { Agent, AgentFeature, AgentPorts } from '../../harness/ports/agent.js';
import { agentFeatures } from '../../harness/ports/agent.js';
import type { ContainerEvent } from '../../harness/ports/cri.js';
import type { Pod, SourceKind } from '../../harness/spec/pod.js';
import { sourceKinds } from '../../harness/spec/pod.js';
import type { AgentContext } from './context.js';
import type { Decisions } from './decisions.js';
import { createImageManager } from './images.js';
import type { MirrorManager } from './mirror-manager.js';
import { createMirrorManager, isMirror, isMirrorOf } from './mirror-manager.js';
import { createMux, fullNameOf } from './mux.js';
import { createNameRegistry } from './name-registry.js';
import type { PodManager } from './pod-manager.js';
import { createPodManager } from './pod-manager.js';
import { referenceDecisions } from './reference-decisions.js';
import type { Repetition } from './repeat.js';
import { repeat } from './repeat.js';
import { createRuntimeCalls } from './runtime-calls.js';
import { followEvents } from './runtime-events.js';
import { createRuntimeView } from './runtime-view.js';
import { readApi } from './sources/read-api.js';
import { readFeed } from './sources/read-feed.js';
import { readFiles } from './sources/read-files.js';
import { readUrl } from './sources/read-url.js';
import type { SourceReaderContext } from './sources/source-context.js';
import type { StatusManager } from './status-manager.js';
import { createStatusManager } from './status-manager.js';
import type { Scheduler } from './types.js';
import { hasLiveParts } from './types.js';

/** What the reference agent can do: everything but probes. */
export const referenceFeatures: readonly AgentFeature[] = agentFeatures.filter(
  (feature) => feature !== 'probes',
);

/** While the runtime does not answer, it is asked again this soon at the latest. */
const statusRetryMaxMs = 1_000;

/** One life of a whole small node agent, with these decisions. */
export function createReferenceAgent(ports: AgentPorts, decisions: Decisions = referenceDecisions): Agent {
  const { timings, clock, random, log, nodeName } = ports;
  let hasStopped = false;
  const closers: (() => void)[] = [];
  const stopped = (): boolean => hasStopped;
  const nowMs = (): number => clock.now();
  const scheduler: Scheduler = {
    clock,
    stopped,
    after: (delayMs, callback) =>
      clock.after(delayMs, () => {
        if (!hasStopped) callback();
      }),
  };

  let relisting: Repetition | undefined;
  const configured = sourceKinds.filter((kind) => ports.sources[kind] !== undefined);
  const calls = createRuntimeCalls(ports.runtime, timings);
  const view = createRuntimeView({ calls, decisions, nowMs, onChange: (uid) => pods.onRuntimeChange(uid) });
  const mux = createMux(configured, decisions, (uid) => {
    const record = view.recordOf(uid);
    return record !== undefined && hasLiveParts(record);
  });
  const objects = new Map<string, Pod>();
  let held: ReadonlySet<string> = new Set();
  let nodeUid: string | undefined;
  let statuses: StatusManager | undefined;
  let mirrors: MirrorManager | undefined;

  let apiAnswers = true;
  const context: AgentContext = {
    nodeName,
    timings,
    decisions,
    scheduler,
    random,
    log,
    calls,
    view,
    names: createNameRegistry(),
    images: createImageManager({ calls, timings, decisions, nowMs }),
    condition: { runtimeReady: false, networkReady: false },
    startedAtMs: nowMs(),
    sources: () => ({ allReady: mux.allReady(), apiAnswers }),
    mayStopUndesired: () => decisions.mayStopUndesired({ allReady: mux.allReady() }),
    mayRemoveUndesired: () => decisions.mayRemoveUndesired({ allReady: mux.allReady() }),
    report: (report) => statuses?.report(report),
    wake: (keys) => pods.wake(keys),
    isApiPod: (uid) => pods.isApiPod(uid),
    isHeld: (uid) => held.has(uid),
    onGone(key) {
      pods.onGone(key);
      mirrors?.pass();
    },
  };
  const pods: PodManager = createPodManager(context, mux, () => {
    pods.wakeAll();
    pods.cleanUpOrphans({ leftovers: false });
    relisting?.now();
  });

  async function readConditions(): Promise<void> {
    const { condition } = context;
    const before = { ...condition };
    try {
      const conditions = await calls.conditions();
      const isTrue = (type: string): boolean => conditions.find((one) => one.type === type)?.status === true;
      condition.runtimeReady = isTrue('RuntimeReady');
      condition.networkReady = condition.runtimeReady && isTrue('NetworkReady');
    } catch (error) {
      condition.runtimeReady = false;
      log(`runtime status: ${String(error)}`);
    }
    const isBetter =
      (condition.runtimeReady && !before.runtimeReady) || (condition.networkReady && !before.networkReady);
    if (isBetter) pods.wakeAll();
  }

  async function relist(): Promise<void> {
    const isFirst = view.listed() === 0;
    await view.relist();
    if (isFirst) pods.wakeAll();
    if (pods.awaitsListing()) collectGarbage();
  }

  function collectGarbage(): void {
    if (context.condition.runtimeReady) pods.cleanUpOrphans({ leftovers: true });
  }

  function houseKeep(): void {
    if (context.condition.runtimeReady) pods.cleanUpOrphans({ leftovers: false });
    mirrors?.pass();
  }

  /** Starts are this agent's own doing and known; ends are news. */
  function onEvent({ containerEventType: type, containerId }: ContainerEvent): void {
    if (type === 'CONTAINER_STOPPED_EVENT' || type === 'CONTAINER_DELETED_EVENT') view.doubt(containerId);
  }

  function startRuntimeLoops(): void {
    const onError = (error: unknown): void => log(String(error));
    const retryMs = Math.min(timings.runtimeStatusMs, statusRetryMaxMs);
    const statusPeriodMs = (): number => (context.condition.runtimeReady ? timings.runtimeStatusMs : retryMs);
    repeat(scheduler, statusPeriodMs, readConditions, onError);
    relisting = repeat(
      scheduler,
      () => decisions.relistPeriodMs(timings, view.listed() > 0),
      relist,
      onError,
    );
    repeat(scheduler, () => timings.housekeepingMs, houseKeep, onError);
    repeat(scheduler, () => timings.garbageCollectionMs, collectGarbage, onError);
    const events = followEvents({
      runtime: ports.runtime,
      scheduler,
      retryMs: timings.errorRetryMs,
      onEvent,
      log,
    });
    closers.push(events);
  }

  function readerContext(source: SourceKind): SourceReaderContext {
    const react = (act: () => void): void => {
      if (decisions.reactsAfterMs > 0) scheduler.after(decisions.reactsAfterMs, act);
      else act();
    };
    return {
      nodeName,
      timings,
      decisions,
      scheduler,
      random,
      startedAtMs: context.startedAtMs,
      log,
      hold(uids) {
        react(() => {
          if (uids.size === 0 && held.size === 0) return;
          const released = [...held].filter((uid) => !uids.has(uid));
          held = uids;
          pods.wake(released);
        });
      },
      deliver(list, isComplete = true) {
        react(() => {
          if (hasStopped) return;
          pods.deliver(source, list, isComplete);
          mirrors?.pass();
        });
      },
    };
  }

  function startSources(): void {
    const { file, http, api, feed } = ports.sources;
    if (api !== undefined) startApi(api);
    if (file !== undefined) closers.push(readFiles(readerContext('file'), file));
    if (http !== undefined) readUrl(readerContext('http'), http);
    if (feed !== undefined) closers.push(readFeed(readerContext('feed'), feed));
  }

  function startApi(api: NonNullable<AgentPorts['sources']['api']>): void {
    statuses = createStatusManager({
      api,
      decisions,
      nowMs,
      startedAtMs: context.startedAtMs,
      stopped,
      log,
      objectOf: (fullName) => objects.get(fullName),
      isMirrorOf,
    });
    mirrors = createMirrorManager({
      api,
      nodeName,
      nowMs,
      stopped,
      log,
      nodeUid: () => nodeUid,
      objects: () => objects,
      staticPods: () => pods.staticPods(),
      isNameInUse: (fullName) => pods.isNameInUse(fullName),
      mayDelete: () => decisions.mayDeleteMirrors({ allReady: mux.allReady() }),
    });
    const listeners = {
      isMirror,
      onAnswer(answers: boolean) {
        apiAnswers = answers;
      },
      onNode(node: { readonly uid: string }) {
        nodeUid = node.uid;
      },
      onObjects(list: readonly Pod[]) {
        objects.clear();
        for (const object of list) objects.set(fullNameOf(object), object);
        statuses?.onObjects();
      },
    };
    closers.push(readApi(readerContext('api'), api, listeners));
    repeat(
      scheduler,
      () => timings.statusMs,
      () => {
        statuses?.pass();
        mirrors?.pass();
      },
      (error) => log(String(error)),
    );
  }

  return {
    start() {
      startRuntimeLoops();
      startSources();
    },
    stop() {
      hasStopped = true;
      for (const close of closers) close();
    },
  };
}
