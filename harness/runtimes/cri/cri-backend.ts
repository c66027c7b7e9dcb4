import { CriCallFailure } from '../../core/cri-connection.js';
import { asHarnessError, type HarnessError } from '../../core/errors.js';
import type { CriRequest, CriResult, PodSandboxConfig } from '../../ports/cri.js';
import type { RuntimeBackend, RuntimeObserver } from '../../ports/runtime.js';
import { grpcCodes, type CriMethod } from '../../spec/plan.js';
import { fromOutside } from '../from-outside.js';
import { currentOwner, formatOwner } from '../leftovers/owner.js';
import { ensureReaper } from '../leftovers/reaper.js';
import { watchPulse } from '../pulse.js';
import { unknownMethod } from '../refusals.js';
import { createVirtualImages } from '../virtual-images.js';
import { withinMs } from '../within.js';
import { runtimeGone, runtimeSilent } from './cri-failures.js';
import { createCriHandlers } from './cri-handlers.js';
import type { ContainerRecord } from './cri-records.js';
import { isUnreachable } from './cri-runtime.js';
import { createObservation } from './observation.js';
import { createOrders } from './orders.js';
import { forgetRuntime, prepareRuntime } from './prepare-runtime.js';
import { removePodsOfRun } from './sweep.js';
import { withoutRun } from './uid-in-run.js';

export interface CriBackendOptions {
  /** Of the runtime's socket, `unix:///…`. */
  readonly endpoint: string;
  /** Labels everything that is made; unique among the runs on this runtime. */
  readonly runId: string;
  readonly observer: RuntimeObserver;
  /** The runtime went away, or cannot run pods any more: the run cannot go on. Called at most once. */
  readonly onFailure?: (error: HarnessError) => void;
  /** A runtime that has not answered for so long, in milliseconds, hangs. */
  readonly silentMs?: number;
}

/** Whether a runtime that gave no answer is still there. */
const probeTimeoutMs = 5_000;
/** What a runtime is making when a run ends has to be there before it can be removed. */
const makingTimeoutMs = 30_000;
/** Another pod or container of this name and attempt is there: that refusal is always the agent's own doing. */
const nameTaken = /is reserved for/;
/** What a pod takes to run. */
const runsPods: ReadonlySet<CriMethod> = new Set(['RunPodSandbox', 'CreateContainer', 'StartContainer']);

/**
 * A real CRI runtime behind the CRI. Calls go on to it, with the label of the run on what they make, and its answers
 * back; in between, changes of state are seen and reported. Only what carries the label is shown and touched.
 */
export async function createCriBackend(options: CriBackendOptions): Promise<RuntimeBackend> {
  const { endpoint, observer, runId } = options;
  const prepared = await prepareRuntime(endpoint);
  const { runtime, refusals } = prepared;
  const releaseReaper = ensureReaper().watchRuntime(endpoint);
  const images = createVirtualImages(observer);
  /** Calls that may make something. */
  const making = new Set<Promise<unknown>>();
  let conditions = { runtimeReady: true, networkReady: true };
  let closed = false;
  let failed = false;

  function fail(error: unknown): void {
    if (closed || failed) return;
    failed = true;
    options.onFailure?.(asHarnessError(error));
  }

  let probe: Promise<void> | undefined;
  /** Is the runtime still there? A call that it answers late, or refuses to carry out now, does not say. */
  function noteTrouble(cause: unknown): Promise<void> {
    if (!isUnreachable(cause)) return Promise.resolve();
    probe ??= runtime
      .call('Version', {}, probeTimeoutMs)
      .then(
        () => {},
        () => fail(runtimeGone(endpoint, cause)),
      )
      .finally(() => (probe = undefined));
    return probe;
  }

  const stopPulse = watchPulse({
    ask: () => runtime.call('Version', {}),
    onStall: (ms) => observer.onStall?.(ms),
    onSilence(silentMs) {
      fail(runtimeSilent(endpoint, silentMs));
      forgetRuntime(endpoint);
      runtime.close();
    },
    ...(options.silentMs === undefined ? {} : { silentMs: options.silentMs }),
  });
  const observation = createObservation({
    runtime,
    runId,
    observer,
    onTrouble: (cause) => void noteTrouble(cause),
  });
  const orders = createOrders(prepared, { runId, owner: formatOwner(currentOwner()), observation });
  const handlers = createCriHandlers({
    runtime,
    runId,
    observation,
    orders,
    images,
    conditions: () => conditions,
  });

  /** The sandbox that a call is about, as it was asked for. */
  function sandboxOf(method: CriMethod, request: object): PodSandboxConfig | undefined {
    if (method === 'RunPodSandbox') return (request as CriRequest<'RunPodSandbox'>).config;
    const { podSandboxId = '', containerId = '' } = request as Record<string, string | undefined>;
    const container = observation.containers.get(containerId);
    return (container?.sandbox ?? observation.sandboxes.get(podSandboxId))?.config;
  }

  async function answer(method: CriMethod, request: object): Promise<CriResult> {
    const handler = handlers[method] as ((request: object) => Promise<CriResult> | CriResult) | undefined;
    if (handler === undefined) return unknownMethod(method);
    if (closed) return { code: 'UNAVAILABLE', message: 'the runtime is closed' };
    try {
      const result = await handler(request);
      if (method === 'StartContainer' && result.code === 'OK') refusals.noteRun();
      return result;
    } catch (error) {
      const { code, message } = error as CriCallFailure;
      await noteTrouble(error);
      // Nothing of the agent's need be wrong in it: can the runtime still run what is known to be right?
      if (runsPods.has(method) && !closed && !failed && !nameTaken.test(message)) {
        const trouble = await refusals.examine(withoutRun(message, runId), sandboxOf(method, request));
        if (trouble !== undefined) fail(trouble);
      }
      const known = grpcCodes.find((each) => each === code) ?? 'UNKNOWN';
      return { code: known, message: withoutRun(message, runId) };
    }
  }

  const running = (id: string): ContainerRecord | undefined => {
    const record = observation.containers.get(id);
    return record?.status.state === 'CONTAINER_RUNNING' ? record : undefined;
  };

  return {
    name: 'cri',
    invoke(method, request, reply) {
      const answering = answer(method, request);
      if (method === 'RunPodSandbox' || method === 'CreateContainer') {
        making.add(answering);
        void answering.finally(() => making.delete(answering));
      }
      void answering.then(reply);
    },
    exitContainer: (id, exitCode) => ordered(running(id), (record) => orders.exitContainer(record, exitCode)),
    killContainer: (id) => ordered(running(id), (record) => orders.stopContainer(record, 0, 'outside')),
    removeContainer: (id) =>
      ordered(observation.containers.get(id), (record) => orders.removeContainer(record, 'outside')),
    stopSandbox: (id) =>
      ordered(observation.sandboxes.get(id), (record) => orders.stopSandbox(record, 'outside')),
    removeSandbox: (id) =>
      ordered(observation.sandboxes.get(id), (record) => orders.removeSandbox(record, 'outside')),
    removeImage: (image) => Promise.resolve(images.remove(image)),
    setConditions(next) {
      conditions = next;
    },
    async close() {
      closed = true;
      observation.close();
      try {
        await withinMs(Promise.allSettled(making), makingTimeoutMs).catch(() => {});
        await removePodsOfRun(runtime, runId);
        releaseReaper();
      } catch (error) {
        // Without a runtime nothing can be removed now: the reaper and the next start see to it.
        if (!isUnreachable(error)) throw error;
      } finally {
        stopPulse();
      }
    },
  };
}

function ordered<Record>(
  record: Record | undefined,
  act: (record: Record) => Promise<boolean | void>,
): Promise<boolean> {
  return fromOutside(record, act, (error) => {
    if (!(error instanceof CriCallFailure)) throw error;
  });
}
