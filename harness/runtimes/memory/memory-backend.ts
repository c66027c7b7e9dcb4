import type { Clock } from '../../core/clock.js';
import type { CriMethod, GrpcCode } from '../../spec/plan.js';
import { parseWorkload } from '../../spec/workload.js';
import type { CriRequest, CriResult, PodSandbox } from '../../ports/cri.js';
import { notFound, type RuntimeBackend, type RuntimeObserver } from '../../ports/runtime.js';
import {
  alreadyStarted,
  cannotExecIn,
  imageUnknown,
  nameReserved,
  sandboxHasEnded,
  sandboxNotRunning,
} from '../refusals.js';
import { createImageStore } from './images.js';
import { createMemoryStore, killedExitCode } from './memory-store.js';
import { matchesContainer, matchesSandbox, type ContainerRecord, type SandboxRecord } from './records.js';

/** How a {@link createMemoryBackend} runs. */
export interface MemoryBackendOptions {
  readonly clock: Clock;
  readonly observer: RuntimeObserver;
  /** What the wall clock reads when `clock` reads 0, in milliseconds since the epoch. */
  readonly epochMs: number;
  /** Appends a line to a container log; absent, logs are not kept. */
  readonly writeLog?: (path: string, line: string) => void;
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
  let conditions = { runtimeReady: true, networkReady: true };
  let nextId = 1;

  const handlers: {
    readonly [Method in CriMethod]?: (
      request: CriRequest<Method>,
      reply: (result: CriResult) => void,
    ) => void;
  } = {
    Version: (_request, reply) =>
      reply(
        ok({
          version: '0.1.0',
          runtimeName: 'conformance-memory',
          runtimeVersion: '1',
          runtimeApiVersion: 'v1',
        }),
      ),
    Status: (_request, reply) => reply(ok({ status: { conditions: conditionList(conditions) } })),
    RunPodSandbox(request, reply) {
      const { config } = request;
      const { metadata } = config;
      for (const other of sandboxes.values()) {
        const known = other.item.metadata;
        if (
          known.uid === metadata.uid &&
          known.name === metadata.name &&
          known.attempt === (metadata.attempt ?? 0)
        ) {
          const name = [metadata.name, metadata.namespace, metadata.uid, known.attempt].join('_');
          return reply(nameReserved('sandbox', name, other.id));
        }
      }
      const id = `sandbox-${String(nextId++).padStart(6, '0')}`;
      const options = config.linux?.securityContext?.namespaceOptions ?? {};
      const hostNetwork = options.network === 'NODE';
      const item: PodSandbox = {
        id,
        metadata: { ...metadata, attempt: metadata.attempt ?? 0 },
        state: 'SANDBOX_READY',
        createdAt: stampNs(),
        labels: config.labels ?? {},
        annotations: config.annotations ?? {},
        runtimeHandler: '',
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
      reply(record === undefined ? notFound('sandbox', request.podSandboxId) : empty);
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
          ? notFound('sandbox', request.podSandboxId)
          : ok({ status: record.status, containersStatuses: [] }),
      );
    },
    ListPodSandbox(request, reply) {
      const items = store.sandboxItems();
      const { filter } = request;
      reply(
        ok({
          items: filter == null ? items : items.filter((item) => matchesSandbox(item, filter)),
        }),
      );
    },
    CreateContainer(request, reply) {
      const sandbox = sandboxes.get(request.podSandboxId);
      const { config } = request;
      if (sandbox === undefined) return reply(notFound('sandbox', request.podSandboxId));
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
      store.containerChanged(record, 'created', 'agent');
      reply(ok({ containerId: record.id }));
    },
    StartContainer(request, reply) {
      const record = containers.get(request.containerId);
      if (record === undefined) return reply(notFound('container', request.containerId));
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
      writeLines(record);
      const { runMs, exitCode } = record.workload;
      if (runMs !== undefined) {
        record.ownExit = clock.after(runMs, () => endContainer(record, exitCode ?? 0, 'workload'));
      }
      reply(empty);
    },
    StopContainer(request, reply) {
      const record = containers.get(request.containerId);
      if (record === undefined) return reply(notFound('container', request.containerId));
      if (record.item.state !== 'CONTAINER_RUNNING') return reply(empty);
      store.terminate(record, Math.max(0, request.timeout ?? 0), () => reply(empty));
    },
    RemoveContainer(request, reply) {
      const record = containers.get(request.containerId);
      if (record !== undefined) store.dropContainer(record, 'agent');
      reply(empty);
    },
    ListContainers(request, reply) {
      const items = store.containerItems();
      const { filter } = request;
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
          ? notFound('container', request.containerId)
          : ok({ status: record.status, info: {} }),
      );
    },
    UpdateContainerResources: (_request, reply) => reply(empty),
    ReopenContainerLog: (_request, reply) => reply(empty),
    ExecSync(request, reply) {
      const record = containers.get(request.containerId);
      if (record === undefined) return reply(notFound('container', request.containerId));
      if (record.item.state !== 'CONTAINER_RUNNING') return reply(cannotExecIn(record.item.state));
      exec(record, request.cmd, (request.timeout ?? 0) * 1_000, reply);
    },
    UpdateRuntimeConfig: (_request, reply) => reply(empty),
    RuntimeConfig: (_request, reply) => reply(ok({ linux: { cgroupDriver: 'CGROUPFS' } })),
    ListContainerStats: (_request, reply) => reply(ok({ stats: [] })),
    ListPodSandboxStats: (_request, reply) => reply(ok({ stats: [] })),
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
      reply(ok(image === undefined ? {} : { image }));
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
    ImageFsInfo: (_request, reply) =>
      reply(
        ok({
          imageFilesystems: [
            {
              timestamp: nowNs(),
              fsId: { mountpoint: '/' },
              usedBytes: { value: 0 },
              inodesUsed: { value: 0 },
            },
          ],
          containerFilesystems: [],
        }),
      ),
  };

  function exec(
    record: ContainerRecord,
    command: readonly string[],
    timeoutMs: number,
    reply: (result: CriResult) => void,
  ): void {
    const answer = (exitCode: number): void =>
      reply(ok({ stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), exitCode }));
    if (command[1] === 'ready')
      return answer(clock.now() - record.startedAtMs >= (record.workload.readyMs ?? 0) ? 0 : 1);
    const runMs = command[1] === 'pre-stop' ? (parseWorkload(command).runMs ?? 0) : 0;
    if (runMs === 0) return answer(0);
    if (timeoutMs > 0 && runMs > timeoutMs) {
      clock.after(timeoutMs, () =>
        reply(refuse('DEADLINE_EXCEEDED', `command ${JSON.stringify(command)} timed out`)),
      );
      return;
    }
    clock.after(runMs, () =>
      record.item.state === 'CONTAINER_RUNNING' ? answer(0) : answer(killedExitCode),
    );
  }

  function writeLines(record: ContainerRecord): void {
    if (options.writeLog === undefined || record.logPath === '') return;
    const time = new Date(options.epochMs + clock.now()).toISOString();
    for (let line = 1; line <= (record.workload.lines ?? 0); line++)
      options.writeLog(record.logPath, `${time} stdout F line ${line}`);
  }

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
      if (handler === undefined) reply(refuse('UNIMPLEMENTED', `unknown method ${method}`));
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
      return Promise.resolve();
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
    status: { ...shared, startedAt: 0, finishedAt: 0, exitCode: 0, reason: '', message: '', logPath },
    startedAtMs: 0,
    ownExit: undefined,
    termination: undefined,
    waiters: [],
  };
}

function conditionList(conditions: { runtimeReady: boolean; networkReady: boolean }): object[] {
  return [
    { type: 'RuntimeReady', status: conditions.runtimeReady, reason: '', message: '' },
    { type: 'NetworkReady', status: conditions.networkReady, reason: '', message: '' },
  ];
}

function ok(response: object): CriResult {
  return { code: 'OK', response };
}

function refuse(code: GrpcCode, message: string): CriResult {
  return { code, message };
}
