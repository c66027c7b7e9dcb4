import type { CriMethod, GrpcCode } from '../../spec/plan.js';
import { workloadCommand } from '../../spec/workload.js';
import type { ChangeCause } from '../../trace/events.js';
import type { HarnessError } from '../../core/errors.js';
import type { CriRequest, CriResponse, CriResult } from '../../ports/cri.js';
import type { RuntimeBackend, RuntimeObserver } from '../../ports/runtime.js';
import { createChangeReports } from '../change-reports.js';
import { fromOutside } from '../from-outside.js';
import { currentOwner, formatOwner } from '../leftovers/owner.js';
import { ensureReaper } from '../leftovers/reaper.js';
import { matchesContainer, matchesSandbox } from '../memory/records.js';
import {
  alreadyStarted,
  cannotExecIn,
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
import { imageFsInfo } from '../statistics.js';
import { withResources } from '../status-details.js';
import { createStreamingServer } from '../streaming/streaming-server.js';
import { watchPulse } from '../pulse.js';
import { createVirtualImages } from '../virtual-images.js';
import { TooLate, withinMs } from '../within.js';
import { createContainerLife } from './container-life.js';
import { containerOptions, resourceLimits, sandboxOptions } from './container-options.js';
import { engineMessage, engineStatus, ignoring, isConnectionLost } from './docker-engine.js';
import type { ContainerRecord, SandboxRecord } from './docker-records.js';
import { newContainer, newSandbox } from './docker-records.js';
import type { DockerHandlers } from './docker-handlers.js';
import { createDockerSessions } from './docker-sessions.js';
import { createDockerStatistics } from './docker-statistics.js';
import { engineGone, engineSilent, engineUnable } from './engine-gone.js';
import { watchEngine } from './engine-events.js';
import { execSync } from './exec-sync.js';
import { forgetDocker, prepareDocker } from './prepare-docker.js';
import { removeContainersOfRun } from './sweep.js';
import { tryEngine } from './try-engine.js';

export interface DockerBackendOptions {
  /** Labels everything that is made; unique among the runs on this engine. */
  readonly runId: string;
  readonly observer: RuntimeObserver;
  /** Docker went away: the run cannot go on. Called at most once. */
  readonly onFailure?: (error: HarnessError) => void;
  /** An engine that has not answered for so long, in milliseconds, hangs. */
  readonly silentMs?: number;
}

/** An engine that takes so long over the removal of what a run has left is not waited for, in milliseconds. */
const removalTimeoutMs = 60_000;

const empty: CriResult = { code: 'OK', response: {} };
/** What a pod takes to run. */
const runsPods: ReadonlySet<CriMethod> = new Set(['RunPodSandbox', 'CreateContainer', 'StartContainer']);

/**
 * Real containers behind the CRI, by Docker. The engine runs them; what exists, in which state and why, is
 * kept here from what was ordered and what the engine tells, so that lists cost no call and changes are seen
 * in their order.
 */
export async function createDockerBackend(options: DockerBackendOptions): Promise<RuntimeBackend> {
  const { observer, runId } = options;
  const { engine, image: workloadImage } = await prepareDocker();
  const run = { runId, owner: formatOwner(currentOwner()), image: workloadImage };
  const releaseReaper = ensureReaper().watchDocker();
  const sandboxes = new Map<string, SandboxRecord>();
  const containers = new Map<string, ContainerRecord>();
  const images = createVirtualImages(observer);
  const reports = createChangeReports(observer);
  const streaming = createStreamingServer();
  /** Names that are taken, by objects or by calls under way, with the id where there is one. */
  const names = new Map<string, string>();
  let conditions = { runtimeReady: true, networkReady: true };
  let closed = false;
  let failed = false;
  let lastCreatedNs = 0;

  const life = createContainerLife({
    reports,
    forget(record) {
      containers.delete(record.id);
      record.sandbox.containers.delete(record);
      names.delete(containerKey(record.sandbox, record.item.metadata));
    },
  });
  const stopPulse = watchPulse({
    ask: () => engine.container.dockerode.ping(),
    onStall: (ms) => observer.onStall?.(ms),
    onSilence(silentMs) {
      failWith(engineSilent(silentMs));
      engine.line.cut();
      forgetDocker();
    },
    ...(options.silentMs === undefined ? {} : { silentMs: options.silentMs }),
  });
  const watch = await watchEngine(engine, {
    runId,
    onEvent(event) {
      const container = containers.get(event.containerId);
      const sandbox = sandboxes.get(event.containerId);
      if (container !== undefined) life.observe(container, event);
      else if (sandbox !== undefined && (event.action === 'die' || event.action === 'destroy')) {
        markSandboxEnded(sandbox, sandbox.endOrderedBy ?? 'outside');
        if (event.action === 'destroy')
          void dropSandbox(sandbox, sandbox.endOrderedBy ?? 'outside').catch(fail);
      }
    },
    onEnd: (error) => fail(error),
  }).catch((error: unknown) => {
    stopPulse();
    releaseReaper();
    throw engineGone(error);
  });

  function failWith(error: HarnessError): void {
    if (closed || failed) return;
    failed = true;
    options.onFailure?.(error);
  }
  function fail(cause: unknown): void {
    failWith(engineGone(cause));
  }
  function failUnable(cause: unknown): void {
    failWith(isConnectionLost(cause) ? engineGone(cause) : engineUnable(cause));
  }

  /** Grows strictly: agents take the newest sandbox or container to be the one created last. */
  function stampNs(): number {
    lastCreatedNs = Math.max(lastCreatedNs + 1_000, Date.now() * 1e6);
    return lastCreatedNs;
  }

  /** Like containerd, which releases the address with the network namespace. */
  function markSandboxEnded(record: SandboxRecord, cause: ChangeCause): void {
    if (record.item.state === 'SANDBOX_NOTREADY') return;
    record.item = { ...record.item, state: 'SANDBOX_NOTREADY' };
    record.status = { ...record.status, state: 'SANDBOX_NOTREADY', network: { ip: '' } };
    reports.sandbox(record, 'notReady', cause);
  }

  async function stopSandboxRecord(record: SandboxRecord, cause: ChangeCause): Promise<void> {
    const running = [...record.containers].filter((each) => each.item.state === 'CONTAINER_RUNNING');
    await Promise.all(running.map((each) => life.kill(each, cause)));
    if (record.item.state === 'SANDBOX_NOTREADY') return;
    record.endOrderedBy ??= cause;
    await ignoring([404, 409], record.handle.kill({ signal: 'SIGKILL' }));
    markSandboxEnded(record, record.endOrderedBy);
  }

  async function dropSandbox(record: SandboxRecord, cause: ChangeCause): Promise<void> {
    await stopSandboxRecord(record, cause);
    await Promise.all([...record.containers].map((each) => life.remove(each, cause)));
    await ignoring([404, 409], record.handle.remove({ force: true, v: true }));
    if (!sandboxes.delete(record.id)) return;
    names.delete(sandboxKey(record.item.metadata));
    reports.sandbox(record, 'removed', cause);
  }

  async function runSandbox({
    config,
    runtimeHandler = '',
  }: CriRequest<'RunPodSandbox'>): Promise<CriResult> {
    const metadata = { ...config.metadata, attempt: config.metadata.attempt ?? 0 };
    const key = sandboxKey(metadata);
    if (names.has(key)) return nameReserved('sandbox', key, names.get(key)!);
    names.set(key, 'a call under way');
    try {
      const handle = await engine.container.create(sandboxOptions(run, config));
      await handle.start();
      const { NetworkSettings: network } = await handle.inspect();
      const ip = network.Networks['bridge']?.IPAddress ?? '';
      const record = newSandbox(handle, { config, runtimeHandler, ip, createdAt: stampNs() });
      names.set(key, handle.id);
      sandboxes.set(handle.id, record);
      reports.sandbox(record, 'ready', 'agent');
      return ok<'RunPodSandbox'>({ podSandboxId: handle.id });
    } catch (error) {
      names.delete(key);
      throw error;
    }
  }

  async function createContainer(request: CriRequest<'CreateContainer'>): Promise<CriResult> {
    const sandbox = sandboxes.get(request.podSandboxId);
    const { config } = request;
    if (sandbox === undefined) return sandboxUnknown('CreateContainer', request.podSandboxId);
    if (sandbox.item.state !== 'SANDBOX_READY') {
      return sandboxHasEnded(sandbox.id);
    }
    const metadata = { name: config.metadata.name, attempt: config.metadata.attempt ?? 0 };
    const key = containerKey(sandbox, metadata);
    if (names.has(key)) return nameReserved('container', key, names.get(key)!);
    const image = images.get(config.image.image);
    if (image === undefined) return imageUnknown(config.image.image);
    names.set(key, 'a call under way');
    try {
      const pod = `${sandbox.item.metadata.namespace}/${sandbox.item.metadata.name}`;
      const place = { id: sandbox.id, hostNetwork: sandbox.hostNetwork, pod };
      const handle = await engine.container.create(containerOptions(run, place, config));
      const record = newContainer(handle, sandbox, { config, imageRef: image.id, createdAt: stampNs() });
      names.set(key, handle.id);
      containers.set(handle.id, record);
      sandbox.containers.add(record);
      reports.container(record, 'created', 'agent');
      return ok<'CreateContainer'>({ containerId: handle.id });
    } catch (error) {
      names.delete(key);
      throw error;
    }
  }

  const handlers: DockerHandlers = {
    ...createDockerStatistics({ sandboxes, containers }),
    ...createDockerSessions({ sandboxes, containers, streaming }),
    Version: () =>
      ok<'Version'>({
        version: '0.1.0',
        runtimeName: 'conformance-docker',
        runtimeVersion: String(engine.info.containerRuntime.serverVersion),
        runtimeApiVersion: 'v1',
      }),
    Status: ({ verbose }) => ok<'Status'>(runtimeStatus(conditions, verbose === true)),
    RunPodSandbox: runSandbox,
    async StopPodSandbox({ podSandboxId }) {
      const record = sandboxes.get(podSandboxId);
      if (record !== undefined) await stopSandboxRecord(record, 'agent');
      return empty;
    },
    async RemovePodSandbox({ podSandboxId }) {
      const record = sandboxes.get(podSandboxId);
      if (record !== undefined) await dropSandbox(record, 'agent');
      return empty;
    },
    PodSandboxStatus({ podSandboxId }) {
      const record = sandboxes.get(podSandboxId);
      if (record === undefined) return sandboxUnknown('PodSandboxStatus', podSandboxId);
      return ok<'PodSandboxStatus'>({ status: record.status, containersStatuses: [] });
    },
    ListPodSandbox({ filter }) {
      const items = [...sandboxes.values()].map((record) => record.item);
      return ok<'ListPodSandbox'>({ items: items.filter((item) => matchesSandbox(item, filter ?? {})) });
    },
    CreateContainer: createContainer,
    async StartContainer({ containerId }) {
      const record = containers.get(containerId);
      if (record === undefined) return containerUnknown('StartContainer', containerId);
      if (record.item.state !== 'CONTAINER_CREATED' || record.starting) {
        return alreadyStarted(record.id, record.item.state);
      }
      if (record.sandbox.item.state !== 'SANDBOX_READY') {
        return sandboxNotRunning(record.sandbox.id);
      }
      await life.start(record);
      return empty;
    },
    async StopContainer({ containerId, timeout }) {
      const record = containers.get(containerId);
      if (record?.item.state !== 'CONTAINER_RUNNING') return empty;
      const isDone = await life.terminate(record, timeout ?? 0);
      return isDone ? empty : refuse('DEADLINE_EXCEEDED', `container "${record.id}" does not end`);
    },
    async RemoveContainer({ containerId }) {
      const record = containers.get(containerId);
      if (record !== undefined) await life.remove(record, 'agent');
      return empty;
    },
    ListContainers({ filter }) {
      const items = [...containers.values()].map((record) => record.item);
      return ok<'ListContainers'>({
        containers: items.filter((item) => matchesContainer(item, filter ?? {})),
      });
    },
    ContainerStatus({ containerId }) {
      const record = containers.get(containerId);
      if (record === undefined) return containerUnknown('ContainerStatus', containerId);
      return ok<'ContainerStatus'>({ status: record.status });
    },
    async UpdateContainerResources({ containerId, linux = {} }) {
      const record = containers.get(containerId);
      if (record === undefined) return containerUnknown('UpdateContainerResources', containerId);
      if (record.item.state !== 'CONTAINER_EXITED') await record.handle.update(resourceLimits(linux));
      record.status = withResources(record.status, linux);
      return empty;
    },
    UpdatePodSandboxResources: ({ podSandboxId }) =>
      sandboxes.has(podSandboxId) ? empty : sandboxUnknown('UpdatePodSandboxResources', podSandboxId),
    ReopenContainerLog({ containerId }) {
      const record = containers.get(containerId);
      if (record === undefined) return containerUnknown('ReopenContainerLog', containerId);
      if (record.item.state !== 'CONTAINER_RUNNING') return cannotReopenLog();
      record.log?.reopen();
      return empty;
    },
    CheckpointContainer: () => notImplemented('CheckpointContainer'),
    async ExecSync({ containerId, cmd, timeout }) {
      const record = containers.get(containerId);
      if (record === undefined) return containerUnknown('ExecSync', containerId);
      if (record.item.state !== 'CONTAINER_RUNNING') {
        return cannotExecIn(record.item.state);
      }
      return execSync(record.handle, cmd, timeout ?? 0);
    },
    UpdateRuntimeConfig: () => empty,
    RuntimeConfig: () => ({ code: 'OK', response: { linux: { cgroupDriver: 'CGROUPFS' } } }),
    ...images.handlers,
    ImageFsInfo: () => imageFsInfo(images.usedBytes(), Date.now() * 1e6),
  };

  async function answer(method: CriMethod, request: object): Promise<CriResult> {
    const handler = handlers[method] as ((request: object) => Promise<CriResult> | CriResult) | undefined;
    if (handler === undefined) return unknownMethod(method);
    if (closed) return refuse('UNAVAILABLE', 'the runtime is closed');
    try {
      return await handler(request);
    } catch (error) {
      if (isConnectionLost(error)) fail(error);
      // Nothing of the agent's need be wrong in it: can the engine still run what is known to be right?
      else if (runsPods.has(method) && !closed && !failed) await tryEngine(engine, run).catch(failUnable);
      return refuse(engineStatus(error) === undefined ? 'UNAVAILABLE' : 'UNKNOWN', engineMessage(error));
    }
  }

  const ordered = <Record>(
    record: Record | undefined,
    act: (record: Record) => Promise<boolean | void>,
  ): Promise<boolean> =>
    fromOutside(record, act, (error) => {
      if (isConnectionLost(error)) fail(error);
      else if (engineStatus(error) === undefined) throw error;
    });

  const running = (id: string): ContainerRecord | undefined => {
    const record = containers.get(id);
    return record?.item.state === 'CONTAINER_RUNNING' ? record : undefined;
  };

  return {
    name: 'docker',
    invoke(method, request, reply) {
      void answer(method, request).then(reply);
    },
    exitContainer: (id, exitCode) =>
      ordered(running(id), async (record) => {
        record.exitOrdered = true;
        await execSync(record.handle, [workloadCommand, 'exit', String(exitCode)], 10);
        return life.ended(record, 10_000);
      }),
    killContainer: (id) => ordered(running(id), (record) => life.kill(record, 'outside')),
    removeContainer: (id) => ordered(containers.get(id), (record) => life.remove(record, 'outside')),
    stopSandbox: (id) => ordered(sandboxes.get(id), (record) => stopSandboxRecord(record, 'outside')),
    removeSandbox: (id) => ordered(sandboxes.get(id), (record) => dropSandbox(record, 'outside')),
    removeImage: (image) => Promise.resolve(images.remove(image)),
    setConditions(next) {
      conditions = next;
    },
    async close() {
      closed = true;
      watch.close();
      await streaming.close();
      for (const record of containers.values()) record.log?.close();
      containers.clear();
      sandboxes.clear();
      try {
        await withinMs(removeContainersOfRun(engine, runId), removalTimeoutMs);
        releaseReaper();
      } catch (error) {
        // Without an engine nothing can be removed now: the reaper and the next start see to it.
        if (!isConnectionLost(error) && !(error instanceof TooLate)) throw error;
      } finally {
        stopPulse();
      }
    },
  };
}

function sandboxKey(metadata: { name: string; namespace: string; uid: string; attempt: number }): string {
  return [metadata.name, metadata.namespace, metadata.uid, metadata.attempt].join('_');
}

function containerKey(sandbox: SandboxRecord, metadata: { name: string; attempt: number }): string {
  const pod = sandbox.item.metadata;
  return [metadata.name, pod.name, pod.namespace, pod.uid, metadata.attempt].join('_');
}

function ok<Method extends CriMethod>(response: CriResponse<Method>): CriResult {
  return { code: 'OK', response };
}

function refuse(code: GrpcCode, message: string): CriResult {
  return { code, message };
}
