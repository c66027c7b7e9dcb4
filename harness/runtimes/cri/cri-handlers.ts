import type { CriRequest, CriResponse, CriResult, RuntimeCondition } from '../../ports/cri.js';
import type { CriMethod } from '../../spec/plan.js';
import { matchesContainer, matchesSandbox } from '../memory/records.js';
import { containerUnknown, imageUnknown, sandboxUnknown } from '../refusals.js';
import type { VirtualImages } from '../virtual-images.js';
import type { ContainerRecord, SandboxRecord } from './cri-records.js';
import { isNotFound, type CriRuntime } from './cri-runtime.js';
import type { Observation } from './observation.js';
import type { Orders } from './orders.js';
import { ownContainerStats, ownFilter, ownPodStats } from './stats.js';

export type CriHandlers = {
  readonly [Method in CriMethod]?: (request: CriRequest<Method>) => Promise<CriResult> | CriResult;
};

export interface CriHandlerContext {
  readonly runtime: CriRuntime;
  readonly runId: string;
  readonly observation: Observation;
  readonly orders: Orders;
  readonly images: VirtualImages;
  /** What Status is to answer at most. */
  readonly conditions: () => { readonly runtimeReady: boolean; readonly networkReady: boolean };
}

const empty: CriResult = { code: 'OK', response: {} };
const commandSlackMs = 120_000;
/** Without a timeout of the caller's: no command runs for ever. */
const commandTimeoutMsMax = 3_600_000;

/** Calls about one container whose answers need no change on their way. */
type Passed = Extract<
  CriMethod,
  'UpdateContainerResources' | 'ReopenContainerLog' | 'CheckpointContainer' | 'ExecSync' | 'Exec' | 'Attach'
>;

/**
 * The answer to each call of the agent; a refusal by the runtime is thrown on. Ids that are not of this run are not
 * found, whatever else the runtime has; what is not found is stopped and removed already.
 */
export function createCriHandlers(context: CriHandlerContext): CriHandlers {
  return {
    ...runtimeHandlers(context),
    ...sandboxHandlers(context),
    ...containerHandlers(context),
    ...context.images.handlers,
  };
}

function runtimeHandlers({ runtime, runId, conditions, observation }: CriHandlerContext): CriHandlers {
  return {
    async Version() {
      // Agents are served this version, whichever the runtime speaks.
      return ok<'Version'>({ ...(await runtime.call('Version', {})), runtimeApiVersion: 'v1' });
    },
    async Status(request) {
      const answer = await runtime.call('Status', request);
      const { runtimeReady, networkReady } = conditions();
      const told = (condition: RuntimeCondition): RuntimeCondition => {
        const isReady = condition.type === 'RuntimeReady' ? runtimeReady : networkReady;
        return { ...condition, status: condition.status && isReady };
      };
      return ok<'Status'>({ ...answer, status: { conditions: answer.status.conditions.map(told) } });
    },
    RuntimeConfig: async (request) => ok<'RuntimeConfig'>(await runtime.call('RuntimeConfig', request)),
    // It would set the addresses of all pods of the machine.
    UpdateRuntimeConfig: () => empty,
    ImageFsInfo: async (request) => ok<'ImageFsInfo'>(await runtime.call('ImageFsInfo', request)),
    async ListContainerStats({ filter }) {
      const answer = await runtime.call('ListContainerStats', { filter: ownFilter(filter, runId) });
      return ok<'ListContainerStats'>({ stats: answer.stats.map((each) => ownContainerStats(each)) });
    },
    async ListPodSandboxStats({ filter }) {
      const answer = await runtime.call('ListPodSandboxStats', { filter: ownFilter(filter, runId) });
      return ok<'ListPodSandboxStats'>({ stats: answer.stats.map((each) => ownPodStats(each, runId)) });
    },
    ListMetricDescriptors: async (request) =>
      ok<'ListMetricDescriptors'>(await runtime.call('ListMetricDescriptors', request)),
    async ListPodSandboxMetrics(request) {
      const { podMetrics } = await runtime.call('ListPodSandboxMetrics', request);
      const own = podMetrics.filter(({ podSandboxId }) => observation.sandboxes.has(podSandboxId));
      return ok<'ListPodSandboxMetrics'>({ podMetrics: own });
    },
  };
}

function sandboxHandlers({ runtime, runId, observation, orders }: CriHandlerContext): CriHandlers {
  const withSandbox = async (
    method: CriMethod,
    id: string,
    act: (record: SandboxRecord) => Promise<CriResult>,
  ): Promise<CriResult> => {
    const record = observation.sandboxes.get(id);
    return record === undefined ? sandboxUnknown(method, id) : act(record);
  };
  return {
    async RunPodSandbox(request) {
      return ok<'RunPodSandbox'>({ podSandboxId: (await orders.runSandbox(request)).id });
    },
    async StopPodSandbox({ podSandboxId }) {
      const record = observation.sandboxes.get(podSandboxId);
      if (record !== undefined) await unlessGone(orders.stopSandbox(record, 'agent'));
      return empty;
    },
    async RemovePodSandbox({ podSandboxId }) {
      const record = observation.sandboxes.get(podSandboxId);
      if (record !== undefined) await orders.removeSandbox(record, 'agent');
      return empty;
    },
    PodSandboxStatus: ({ podSandboxId }) =>
      withSandbox('PodSandboxStatus', podSandboxId, async (record) => {
        const status = await observation.refreshSandbox(record);
        if (status === undefined) return sandboxUnknown('PodSandboxStatus', podSandboxId);
        return ok<'PodSandboxStatus'>({ status, containersStatuses: [] });
      }),
    async ListPodSandbox({ filter }) {
      const items = await observation.listSandboxes();
      return ok<'ListPodSandbox'>({ items: items.filter((item) => matchesSandbox(item, filter ?? {})) });
    },
    PodSandboxStats: ({ podSandboxId }) =>
      withSandbox('PodSandboxStats', podSandboxId, async () => {
        const { stats } = await runtime.call('PodSandboxStats', { podSandboxId });
        return ok<'PodSandboxStats'>(stats === undefined ? {} : { stats: ownPodStats(stats, runId) });
      }),
    UpdatePodSandboxResources: (request) =>
      withSandbox('UpdatePodSandboxResources', request.podSandboxId, async () => {
        await runtime.call('UpdatePodSandboxResources', request);
        return empty;
      }),
    // The runtime has a server of its own for the session, and says where.
    PortForward: (request) =>
      withSandbox('PortForward', request.podSandboxId, async () =>
        ok<'PortForward'>(await runtime.call('PortForward', request)),
      ),
  };
}

function containerHandlers({ runtime, observation, orders, images }: CriHandlerContext): CriHandlers {
  const withContainer = async (
    method: CriMethod,
    id: string,
    act: (record: ContainerRecord) => Promise<CriResult>,
  ): Promise<CriResult> => {
    const record = observation.containers.get(id);
    return record === undefined ? containerUnknown(method, id) : act(record);
  };
  const passedOn =
    <Method extends Passed>(method: Method, timeoutMs?: (request: CriRequest<Method>) => number) =>
    (request: CriRequest<Method>): Promise<CriResult> =>
      withContainer(method, request.containerId, async () =>
        ok<Method>(await runtime.call(method, request, timeoutMs?.(request))),
      );
  return {
    async CreateContainer({ podSandboxId, config }) {
      const sandbox = observation.sandboxes.get(podSandboxId);
      if (sandbox === undefined) return sandboxUnknown('CreateContainer', podSandboxId);
      const image = images.get(config.image.image);
      if (image === undefined) return imageUnknown(config.image.image);
      const record = await orders.createContainer(sandbox, config, image.id);
      return ok<'CreateContainer'>({ containerId: record.id });
    },
    StartContainer: ({ containerId }) =>
      withContainer('StartContainer', containerId, async (record) => {
        await orders.startContainer(record);
        return empty;
      }),
    async StopContainer({ containerId, timeout }) {
      const record = observation.containers.get(containerId);
      if (record !== undefined) await unlessGone(orders.stopContainer(record, timeout ?? 0, 'agent'));
      return empty;
    },
    async RemoveContainer({ containerId }) {
      const record = observation.containers.get(containerId);
      if (record !== undefined) await orders.removeContainer(record, 'agent');
      return empty;
    },
    async ListContainers({ filter }) {
      const items = await observation.listContainers();
      return ok<'ListContainers'>({
        containers: items.filter((item) => matchesContainer(item, filter ?? {})),
      });
    },
    ContainerStatus: ({ containerId }) =>
      withContainer('ContainerStatus', containerId, async (record) => {
        const status = await observation.refreshContainer(record);
        return status === undefined
          ? containerUnknown('ContainerStatus', containerId)
          : ok<'ContainerStatus'>({ status });
      }),
    UpdateContainerResources: passedOn('UpdateContainerResources'),
    ReopenContainerLog: passedOn('ReopenContainerLog'),
    CheckpointContainer: passedOn('CheckpointContainer', ({ timeout = 0 }) => commandTimeoutMs(timeout)),
    ExecSync: passedOn('ExecSync', ({ timeout = 0 }) => commandTimeoutMs(timeout)),
    // The runtime has a server of its own for the session, and says where.
    Exec: passedOn('Exec'),
    Attach: passedOn('Attach'),
    ContainerStats: ({ containerId }) =>
      withContainer('ContainerStats', containerId, async () => {
        const { stats } = await runtime.call('ContainerStats', { containerId });
        return ok<'ContainerStats'>(stats === undefined ? {} : { stats: ownContainerStats(stats) });
      }),
  };
}

/** Whether it is an error to stop what has just been removed depends on the version of the runtime. */
async function unlessGone(stop: Promise<void>): Promise<void> {
  try {
    await stop;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function commandTimeoutMs(timeoutS: number): number {
  return timeoutS > 0 ? timeoutS * 1_000 + commandSlackMs : commandTimeoutMsMax;
}

function ok<Method extends CriMethod>(response: CriResponse<Method>): CriResult {
  return { code: 'OK', response };
}
