import type { Clock } from '../../core/clock.js';
import { Keys } from '../../spec/pod.js';
import { parseWorkload } from '../../spec/workload.js';
import type { CriRequest, CriResult, PodSandbox } from '../../ports/cri.js';
import type { RuntimeBackend, RuntimeObserver } from '../../ports/runtime.js';
import type { StreamingServer } from '../../ports/streams.js';
import {
  alreadyStarted,
  cannotReopenLog,
  containerUnknown,
  imageUnknown,
  nameReserved,
  notImplemented,
  sandboxHasEnded,
  sandboxNotRunning,
  sandboxUnknown,
  unknownMethod,
} from '../refusals.js';
import { runtimeStatus } from '../runtime-status.js';
import { statusDetails, withResources } from '../status-details.js';
import { createImageStore } from './images.js';
import { createMemoryCommands } from './memory-commands.js';
import type { MemoryHandlers } from './memory-handlers.js';
import { createMemoryOutput } from './memory-output.js';
import { createMemoryStatistics } from './memory-statistics.js';
import { createMemoryStore, killedExitCode, sandboxName } from './memory-store.js';
import type { PodLogs } from './pod-logs.js';
import { matchesContainer, matchesSandbox, type ContainerRecord, type SandboxRecord } from './records.js';

/** How a {@link createMemoryBackend} runs. */
export interface MemoryBackendOptions {
  readonly clock: Clock;
  readonly observer: RuntimeObserver;
  /** What the wall clock reads when `clock` reads 0, in milliseconds since the epoch. */
  readonly epochMs: number;
  /** Where containers log to; absent, logs are not kept. Closed with the backend. */
  readonly logs?: PodLogs;
  /** Where sessions of Exec, Attach and PortForward are had; absent, there are none. Closed with the backend. */
  readonly streaming?: StreamingServer;
}

type Handler = (request: never, reply: (result: CriResult) => void) => void;

const empty: CriResult = { code: 'OK', response: {} };

/**
 * A container runtime whose containers are simulated: their workload arguments say when they exit and how
 * they take a SIGTERM. Deterministic on a virtual clock; every effect but the end of a container is immediate.
 */
export function createMemoryBackend(options: MemoryBackendOptions): RuntimeBackend {
  const { clock, observer } = options;
  const store = createMemoryStore(options);
  const { sandboxes, containers, nowNs, stampNs, endContainer } = store;
  const images = createImageStore();
  const answers = createAnswers();
  let conditions = { runtimeReady: true, networkReady: true };
  let nextId = 1;

  const { streaming } = options;
  const output = createMemoryOutput({ ...options, canBeWatched: streaming !== undefined });
  const handlers: MemoryHandlers = {
    ...createMemoryStatistics(store, images),
    ...createMemoryCommands({ store, clock, output, streaming }),
    Version: (_request, reply) =>
      reply(
        ok({
          version: '0.1.0',
          runtimeName: 'conformance-memory',
          runtimeVersion: '1',
          runtimeApiVersion: 'v1',
        }),
      ),
    Status: ({ verbose }, reply) => reply(ok(runtimeStatus(conditions, verbose === true))),
    RunPodSandbox(request, reply) {
      const { config } = request;
      const metadata = { ...config.metadata, attempt: config.metadata.attempt ?? 0 };
      const name = sandboxName(metadata);
      const other = store.sandboxNamed(name);
      if (other !== undefined) return reply(nameReserved('sandbox', name, other.id));
      const id = `sandbox-${String(nextId++).padStart(6, '0')}`;
      const options = config.linux?.securityContext?.namespaceOptions ?? {};
      const hostNetwork = options.network === 'NODE';
      const item: PodSandbox = {
        id,
        metadata,
        state: 'SANDBOX_READY',
        createdAt: stampNs(),
        labels: config.labels ?? {},
        annotations: config.annotations ?? {},
        runtimeHandler: request.runtimeHandler ?? '',
      };
      const status = {
        ...item,
        network: { ip: hostNetwork ? '' : `10.88.${(nextId >> 8) & 255}.${nextId & 255}` },
        linux: { namespaces: { options } },
      };
      const record: SandboxRecord = {
        id,
        item,
        status,
        logDirectory: config.logDirectory ?? '',
        containers: new Set(),
      };
      sandboxes.set(id, record);
      store.sandboxChanged(record, 'ready', 'agent');
      reply(ok({ podSandboxId: id }));
    },
    StopPodSandbox(request, reply) {
      const record = sandboxes.get(request.podSandboxId);
      if (record !== undefined) store.stopSandbox(record, 'agent');
      reply(empty);
    },
    RemovePodSandbox(request, reply) {
      const record = sandboxes.get(request.podSandboxId);
      if (record !== undefined) store.dropSandbox(record, 'agent');
      reply(empty);
    },
    PodSandboxStatus(request, reply) {
      const record = sandboxes.get(request.podSandboxId);
      reply(
        record === undefined
          ? sandboxUnknown('PodSandboxStatus', request.podSandboxId)
          : answers.about(record.status, (status) => ({ status, containersStatuses: [] })),
      );
    },
    ListPodSandbox(request, reply) {
      const { filter } = request;
      const items = store.sandboxItems(filter?.labelSelector?.[Keys.labelPodUid]);
      reply(
        ok({
          items: filter == null ? items : items.filter((item) => matchesSandbox(item, filter)),
        }),
      );
    },
    CreateContainer(request, reply) {
      const sandbox = sandboxes.get(request.podSandboxId);
      const { config } = request;
      if (sandbox === undefined) return reply(sandboxUnknown('CreateContainer', request.podSandboxId));
      if (sandbox.item.state !== 'SANDBOX_READY') {
        return reply(sandboxHasEnded(sandbox.id));
      }
      for (const other of sandbox.containers) {
        const known = other.item.metadata;
        if (known.name === config.metadata.name && known.attempt === (config.metadata.attempt ?? 0)) {
          const pod = sandbox.item.metadata;
          const name = [known.name, pod.name, pod.namespace, pod.uid, known.attempt].join('_');
          return reply(nameReserved('container', name, other.id));
        }
      }
      const image = images.get(config.image.image);
      if (image === undefined) return reply(imageUnknown(config.image.image));
      const record = newContainer(
        `container-${String(nextId++).padStart(6, '0')}`,
        sandbox,
        config,
        image.id,
        stampNs(),
      );
      containers.set(record.id, record);
      sandbox.containers.add(record);
      output.open(record);
      store.containerChanged(record, 'created', 'agent');
      reply(ok({ containerId: record.id }));
    },
    StartContainer(request, reply) {
      const record = containers.get(request.containerId);
      if (record === undefined) return reply(containerUnknown('StartContainer', request.containerId));
      if (record.item.state !== 'CONTAINER_CREATED') {
        return reply(alreadyStarted(record.id, record.item.state));
      }
      if (record.sandbox.item.state !== 'SANDBOX_READY') {
        return reply(sandboxNotRunning(record.sandbox.id));
      }
      record.startedAtMs = clock.now();
      record.item = { ...record.item, state: 'CONTAINER_RUNNING' };
      record.status = { ...record.status, state: 'CONTAINER_RUNNING', startedAt: nowNs() };
      store.containerChanged(record, 'running', 'agent');
      output.begin(record);
      const { runMs, exitCode } = record.workload;
      if (runMs !== undefined) {
        record.ownExit = clock.after(runMs, () => endContainer(record, exitCode ?? 0, 'workload'));
      }
      reply(empty);
    },
    StopContainer(request, reply) {
      const record = containers.get(request.containerId);
      if (record?.item.state !== 'CONTAINER_RUNNING') return reply(empty);
      store.terminate(record, Math.max(0, request.timeout ?? 0), () => reply(empty));
    },
    RemoveContainer(request, reply) {
      const record = containers.get(request.containerId);
      if (record !== undefined) store.dropContainer(record, 'agent');
      reply(empty);
    },
    ListContainers(request, reply) {
      const { filter } = request;
      const items = store.containerItems(filter?.labelSelector?.[Keys.labelPodUid]);
      reply(
        ok({
          containers: filter == null ? items : items.filter((item) => matchesContainer(item, filter)),
        }),
      );
    },
    ContainerStatus(request, reply) {
      const record = containers.get(request.containerId);
      reply(
        record === undefined
          ? containerUnknown('ContainerStatus', request.containerId)
          : answers.about(record.status, (status) => ({ status, info: {} })),
      );
    },
    UpdateContainerResources({ containerId, linux }, reply) {
      const record = containers.get(containerId);
      if (record === undefined) return reply(containerUnknown('UpdateContainerResources', containerId));
      record.status = withResources(record.status, linux ?? {});
      reply(empty);
    },
    UpdatePodSandboxResources({ podSandboxId }, reply) {
      const isKnown = sandboxes.has(podSandboxId);
      reply(isKnown ? empty : sandboxUnknown('UpdatePodSandboxResources', podSandboxId));
    },
    ReopenContainerLog({ containerId }, reply) {
      const record = containers.get(containerId);
      if (record === undefined) return reply(containerUnknown('ReopenContainerLog', containerId));
      if (record.item.state !== 'CONTAINER_RUNNING') return reply(cannotReopenLog());
      output.open(record);
      reply(empty);
    },
    CheckpointContainer: (_request, reply) => reply(notImplemented('CheckpointContainer')),
    UpdateRuntimeConfig: (_request, reply) => reply(empty),
    RuntimeConfig: (_request, reply) => reply(ok({ linux: { cgroupDriver: 'CGROUPFS' } })),
    ListImages(request, reply) {
      const name = request.filter?.image?.image;
      const found = name === undefined || name === '' ? undefined : images.get(name);
      reply(
        ok({
          images: name === undefined || name === '' ? images.list() : found === undefined ? [] : [found],
        }),
      );
    },
    ImageStatus(request, reply) {
      const image = images.get(request.image.image);
      reply(image === undefined ? empty : answers.about(image, () => ({ image })));
    },
    PullImage(request, reply) {
      const name = request.image.image;
      if (images.add(name))
        observer.onChange({ kind: 'image', actor: 'runtime', image: name, present: true, cause: 'agent' });
      reply(ok({ imageRef: images.get(name)!.id }));
    },
    RemoveImage(request, reply) {
      const name = request.image.image;
      if (images.remove(name))
        observer.onChange({ kind: 'image', actor: 'runtime', image: name, present: false, cause: 'agent' });
      reply(empty);
    },
  };

  /** Runs `act` on the record unless it is not there; the answer to an order from outside. */
  function outside<Record>(record: Record | undefined, act: (record: Record) => void): Promise<boolean> {
    if (record === undefined) return Promise.resolve(false);
    act(record);
    return Promise.resolve(true);
  }

  function running(containerId: string): ContainerRecord | undefined {
    const record = containers.get(containerId);
    return record?.item.state === 'CONTAINER_RUNNING' ? record : undefined;
  }

  return {
    name: 'memory',
    invoke(method, request, reply) {
      const handler = handlers[method] as Handler | undefined;
      if (handler === undefined) reply(unknownMethod(method));
      else handler(request as never, reply);
    },
    exitContainer: (id, exitCode) =>
      outside(running(id), (record) => endContainer(record, exitCode, 'workload')),
    killContainer: (id) => outside(running(id), (record) => endContainer(record, killedExitCode, 'outside')),
    removeContainer: (id) => outside(containers.get(id), (record) => store.dropContainer(record, 'outside')),
    stopSandbox: (id) => outside(sandboxes.get(id), (record) => store.stopSandbox(record, 'outside')),
    removeSandbox: (id) => outside(sandboxes.get(id), (record) => store.dropSandbox(record, 'outside')),
    removeImage(name) {
      const removed = images.remove(name);
      if (removed)
        observer.onChange({ kind: 'image', actor: 'outside', image: name, present: false, cause: 'outside' });
      return Promise.resolve(removed);
    },
    setConditions(next) {
      conditions = next;
    },
    close() {
      for (const record of containers.values()) {
        record.ownExit?.cancel();
        record.termination?.timer.cancel();
      }
      containers.clear();
      sandboxes.clear();
      options.logs?.close();
      return streaming?.close() ?? Promise.resolve();
    },
  };
}

function newContainer(
  id: string,
  sandbox: SandboxRecord,
  config: CriRequest<'CreateContainer'>['config'],
  imageRef: string,
  createdAt: number,
): ContainerRecord {
  const shared = {
    id,
    metadata: { name: config.metadata.name, attempt: config.metadata.attempt ?? 0 },
    image: config.image,
    imageRef,
    state: 'CONTAINER_CREATED' as const,
    createdAt,
    labels: config.labels ?? {},
    annotations: config.annotations ?? {},
  };
  const logPath = config.logPath ? `${sandbox.logDirectory}/${config.logPath}` : '';
  return {
    id,
    sandbox,
    workload: parseWorkload(config.args ?? []),
    logPath,
    item: { ...shared, podSandboxId: sandbox.id },
    status: {
      ...shared,
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: '',
      message: '',
      logPath,
      ...statusDetails(config),
    },
    config,
    startedAtMs: 0,
    ownExit: undefined,
    termination: undefined,
    waiters: [],
  };
}

function ok(response: object): CriResult {
  return { code: 'OK', response };
}

/** Answers about one thing, each the same object as long as the thing is: agents ask for most of them over and over. */
function createAnswers(): {
  about<Thing extends object>(thing: Thing, tell: (thing: Thing) => object): CriResult;
} {
  const known = new WeakMap<object, CriResult>();
  return {
    about(thing, tell) {
      let answer = known.get(thing);
      if (answer === undefined) known.set(thing, (answer = ok(tell(thing))));
      return answer;
    },
  };
}
