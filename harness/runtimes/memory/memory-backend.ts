import type { Clock } from '../../core/clock.js';
import type { CriMethod, GrpcCode } from '../../spec/plan.js';
import { parseWorkload } from '../../spec/workload.js';
import type { ChangeCause } from '../../trace/events.js';
import type { Container, ContainerEvent, CriRequest, CriResult, PodSandbox } from '../../ports/cri.js';
import { notFound, type RuntimeBackend, type RuntimeObserver } from '../../ports/runtime.js';
import { createImageStore } from './images.js';
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
const killedExitCode = 137;
const terminatedExitCode = 143;

/**
 * A container runtime whose containers are simulated: their workload arguments say when they exit and how
 * they take a SIGTERM. Deterministic on a virtual clock; every effect but the end of a container is immediate.
 */
export function createMemoryBackend(options: MemoryBackendOptions): RuntimeBackend {
  const { clock, observer } = options;
  const sandboxes = new Map<string, SandboxRecord>();
  const containers = new Map<string, ContainerRecord>();
  const images = createImageStore();
  let conditions = { runtimeReady: true, networkReady: true };
  let sandboxList: PodSandbox[] | undefined;
  let containerList: Container[] | undefined;
  let nextId = 1;
  let lastCreatedNs = 0;

  /** Grows strictly: agents take the newest sandbox or container to be the one created last. */
  function stampNs(): number {
    lastCreatedNs = Math.max(lastCreatedNs + 1_000, (options.epochMs + clock.now()) * 1e6);
    return lastCreatedNs;
  }

  function nowNs(): number {
    return (options.epochMs + clock.now()) * 1e6;
  }

  function sandboxChanged(
    record: SandboxRecord,
    state: 'ready' | 'notReady' | 'removed',
    cause: ChangeCause,
  ): void {
    sandboxList = undefined;
    const { metadata } = record.item;
    observer.onChange({
      kind: 'sandbox',
      actor: cause === 'outside' ? 'outside' : 'runtime',
      id: record.id,
      podUid: metadata.uid,
      podNamespace: metadata.namespace,
      podName: metadata.name,
      attempt: metadata.attempt,
      state,
      cause,
    });
  }

  function containerChanged(
    record: ContainerRecord,
    state: 'created' | 'running' | 'exited' | 'removed',
    cause: ChangeCause,
  ): void {
    containerList = undefined;
    const { metadata } = record.sandbox.item;
    observer.onChange({
      kind: 'container',
      actor: cause === 'outside' ? 'outside' : cause === 'workload' ? 'workload' : 'runtime',
      id: record.id,
      sandboxId: record.sandbox.id,
      podUid: metadata.uid,
      podNamespace: metadata.namespace,
      podName: metadata.name,
      name: record.item.metadata.name,
      attempt: record.item.metadata.attempt,
      image: record.item.image.image,
      state,
      ...(state === 'exited' ? { exitCode: record.status.exitCode } : {}),
      cause,
    });
    observer.onEvent(containerEvent(record, state));
  }

  function containerEvent(
    record: ContainerRecord,
    state: 'created' | 'running' | 'exited' | 'removed',
  ): ContainerEvent {
    const types = {
      created: 'CONTAINER_CREATED_EVENT',
      running: 'CONTAINER_STARTED_EVENT',
      exited: 'CONTAINER_STOPPED_EVENT',
      removed: 'CONTAINER_DELETED_EVENT',
    } as const;
    return {
      containerId: record.id,
      containerEventType: types[state],
      createdAt: nowNs(),
      podSandboxStatus: record.sandbox.status,
      containersStatuses: [...record.sandbox.containers].map((container) => container.status),
    };
  }

  function endContainer(record: ContainerRecord, exitCode: number, cause: ChangeCause): void {
    record.ownExit?.cancel();
    record.termination?.timer.cancel();
    record.ownExit = undefined;
    record.termination = undefined;
    record.item = { ...record.item, state: 'CONTAINER_EXITED' };
    record.status = {
      ...record.status,
      state: 'CONTAINER_EXITED',
      finishedAt: nowNs(),
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
    };
    containerChanged(record, 'exited', cause);
    for (const waiter of record.waiters.splice(0)) waiter();
  }

  /** SIGTERM now, SIGKILL after the timeout; a later and shorter request brings the end forward. */
  function terminate(record: ContainerRecord, timeoutS: number, done: () => void): void {
    const { workload } = record;
    const stopMs = workload.stopMs ?? 0;
    const timeoutMs = timeoutS * 1_000;
    const obeys = workload.ignoreTerm !== true && timeoutMs > 0;
    const begun = record.termination;
    const naturalAtMs =
      begun !== undefined && begun.exitCode === terminatedExitCode ? begun.exitAtMs : clock.now() + stopMs;
    const killAtMs = clock.now() + timeoutMs;
    const end =
      obeys && naturalAtMs <= killAtMs
        ? { exitAtMs: naturalAtMs, exitCode: terminatedExitCode }
        : { exitAtMs: killAtMs, exitCode: killedExitCode };
    record.waiters.push(done);
    if (begun !== undefined && begun.exitAtMs <= end.exitAtMs) return;
    begun?.timer.cancel();
    if (end.exitAtMs <= clock.now()) {
      endContainer(record, end.exitCode, 'agent');
      return;
    }
    const timer = clock.after(end.exitAtMs - clock.now(), () => endContainer(record, end.exitCode, 'agent'));
    record.termination = { ...end, timer };
  }

  function dropContainer(record: ContainerRecord, cause: ChangeCause): void {
    if (record.item.state === 'CONTAINER_RUNNING') endContainer(record, killedExitCode, cause);
    containers.delete(record.id);
    record.sandbox.containers.delete(record);
    containerChanged(record, 'removed', cause);
  }

  function stopSandboxRecord(record: SandboxRecord, cause: ChangeCause): void {
    for (const container of record.containers) {
      if (container.item.state === 'CONTAINER_RUNNING') endContainer(container, killedExitCode, cause);
    }
    if (record.item.state === 'SANDBOX_NOTREADY') return;
    record.item = { ...record.item, state: 'SANDBOX_NOTREADY' };
    // Like containerd, which releases the address with the network namespace.
    record.status = { ...record.status, state: 'SANDBOX_NOTREADY', network: { ip: '' } };
    sandboxChanged(record, 'notReady', cause);
  }

  function dropSandbox(record: SandboxRecord, cause: ChangeCause): void {
    stopSandboxRecord(record, cause);
    for (const container of [...record.containers]) dropContainer(container, cause);
    sandboxes.delete(record.id);
    sandboxChanged(record, 'removed', cause);
  }

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
          reply(
            refuse(
              'ALREADY_EXISTS',
              `failed to reserve sandbox name "${metadata.name}_${metadata.namespace}_${metadata.uid}_${metadata.attempt}": it is reserved for "${other.id}"`,
            ),
          );
          return;
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
      sandboxChanged(record, 'ready', 'agent');
      reply(ok({ podSandboxId: id }));
    },
    StopPodSandbox(request, reply) {
      const record = sandboxes.get(request.podSandboxId);
      if (record !== undefined) stopSandboxRecord(record, 'agent');
      reply(record === undefined ? notFound('sandbox', request.podSandboxId) : empty);
    },
    RemovePodSandbox(request, reply) {
      const record = sandboxes.get(request.podSandboxId);
      if (record !== undefined) dropSandbox(record, 'agent');
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
      sandboxList ??= [...sandboxes.values()].map((record) => record.item);
      const { filter } = request;
      reply(
        ok({
          items: filter == null ? sandboxList : sandboxList.filter((item) => matchesSandbox(item, filter)),
        }),
      );
    },
    CreateContainer(request, reply) {
      const sandbox = sandboxes.get(request.podSandboxId);
      const { config } = request;
      if (sandbox === undefined) return reply(notFound('sandbox', request.podSandboxId));
      if (sandbox.item.state !== 'SANDBOX_READY') {
        return reply(
          refuse('UNKNOWN', `failed to create container: sandbox container "${sandbox.id}" is not running`),
        );
      }
      for (const other of sandbox.containers) {
        const known = other.item.metadata;
        if (known.name === config.metadata.name && known.attempt === (config.metadata.attempt ?? 0)) {
          return reply(
            refuse(
              'ALREADY_EXISTS',
              `failed to reserve container name "${known.name}_${known.attempt}": it is reserved for "${other.id}"`,
            ),
          );
        }
      }
      const image = images.get(config.image.image);
      if (image === undefined)
        return reply(refuse('NOT_FOUND', `failed to resolve image "${config.image.image}": not found`));
      const record = newContainer(
        `container-${String(nextId++).padStart(6, '0')}`,
        sandbox,
        config,
        image.id,
        stampNs(),
      );
      containers.set(record.id, record);
      sandbox.containers.add(record);
      containerChanged(record, 'created', 'agent');
      reply(ok({ containerId: record.id }));
    },
    StartContainer(request, reply) {
      const record = containers.get(request.containerId);
      if (record === undefined) return reply(notFound('container', request.containerId));
      if (record.item.state !== 'CONTAINER_CREATED') {
        return reply(
          refuse('FAILED_PRECONDITION', `container "${record.id}" is in ${record.item.state} state`),
        );
      }
      if (record.sandbox.item.state !== 'SANDBOX_READY') {
        return reply(refuse('UNKNOWN', `sandbox container "${record.sandbox.id}" is not running`));
      }
      record.startedAtMs = clock.now();
      record.item = { ...record.item, state: 'CONTAINER_RUNNING' };
      record.status = { ...record.status, state: 'CONTAINER_RUNNING', startedAt: nowNs() };
      containerChanged(record, 'running', 'agent');
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
      terminate(record, Math.max(0, request.timeout ?? 0), () => reply(empty));
    },
    RemoveContainer(request, reply) {
      const record = containers.get(request.containerId);
      if (record !== undefined) dropContainer(record, 'agent');
      reply(empty);
    },
    ListContainers(request, reply) {
      containerList ??= [...containers.values()].map((record) => record.item);
      const { filter } = request;
      reply(
        ok({
          containers:
            filter == null ? containerList : containerList.filter((item) => matchesContainer(item, filter)),
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
      if (record.item.state !== 'CONTAINER_RUNNING')
        return reply(refuse('UNKNOWN', `container "${record.id}" is not running`));
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
    removeContainer: (id) => outside(containers.get(id), (record) => dropContainer(record, 'outside')),
    stopSandbox: (id) => outside(sandboxes.get(id), (record) => stopSandboxRecord(record, 'outside')),
    removeSandbox: (id) => outside(sandboxes.get(id), (record) => dropSandbox(record, 'outside')),
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
