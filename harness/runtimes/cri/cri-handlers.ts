import type { CriRequest, CriResponse, CriResult, RuntimeCondition } from '../../ports/cri.js';
import { notFound } from '../../ports/runtime.js';
import type { CriMethod } from '../../spec/plan.js';
import { matchesContainer, matchesSandbox } from '../memory/records.js';
import { imageUnknown } from '../refusals.js';
import type { VirtualImages } from '../virtual-images.js';
import type { ContainerRecord, SandboxRecord } from './cri-records.js';
import type { CriRuntime } from './cri-runtime.js';
import type { Observation } from './observation.js';
import type { Orders } from './orders.js';
import { listStats, statsOf } from './stats.js';

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
const execTimeoutMs = 120_000;
/** Without a timeout of the caller's: no command runs for ever. */
const execTimeoutMsMax = 3_600_000;

/**
 * The answer to each call of the agent; a refusal by the runtime is thrown on. Ids that are not of this run are not
 * found, whatever else the runtime has.
 */
export function createCriHandlers(context: CriHandlerContext): CriHandlers {
  return {
    ...runtimeHandlers(context),
    ...sandboxHandlers(context),
    ...containerHandlers(context),
    ...context.images.handlers,
  };
}

function runtimeHandlers({ runtime, runId, conditions }: CriHandlerContext): CriHandlers {
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
    RuntimeConfig: async (request) => ({
      code: 'OK',
      response: await runtime.call('RuntimeConfig', request),
    }),
    // It would set the addresses of all pods of the machine.
    UpdateRuntimeConfig: () => empty,
    ImageFsInfo: async (request) => ({ code: 'OK', response: await runtime.call('ImageFsInfo', request) }),
    async ListContainerStats(request) {
      return { code: 'OK', response: await listStats(runtime, 'ListContainerStats', { request, runId }) };
    },
    async ListPodSandboxStats(request) {
      return { code: 'OK', response: await listStats(runtime, 'ListPodSandboxStats', { request, runId }) };
    },
  };
}

function sandboxHandlers({ runtime, runId, observation, orders }: CriHandlerContext): CriHandlers {
  const withSandbox = async (
    id: string,
    act: (record: SandboxRecord) => Promise<CriResult>,
  ): Promise<CriResult> => {
    const record = observation.sandboxes.get(id);
    return record === undefined ? notFound('sandbox', id) : act(record);
  };
  return {
    async RunPodSandbox(request) {
      return ok<'RunPodSandbox'>({ podSandboxId: (await orders.runSandbox(request)).id });
    },
    StopPodSandbox: ({ podSandboxId }) =>
      withSandbox(podSandboxId, async (record) => {
        await orders.stopSandbox(record, 'agent');
        return empty;
      }),
    async RemovePodSandbox({ podSandboxId }) {
      const record = observation.sandboxes.get(podSandboxId);
      if (record !== undefined) await orders.removeSandbox(record, 'agent');
      return empty;
    },
    PodSandboxStatus: ({ podSandboxId }) =>
      withSandbox(podSandboxId, async (record) => {
        const status = await observation.refreshSandbox(record);
        if (status === undefined) return notFound('sandbox', podSandboxId);
        return ok<'PodSandboxStatus'>({ status, containersStatuses: [] });
      }),
    async ListPodSandbox({ filter }) {
      const items = await observation.listSandboxes();
      return ok<'ListPodSandbox'>({ items: items.filter((item) => matchesSandbox(item, filter ?? {})) });
    },
    PodSandboxStats(request) {
      const { podSandboxId = '' } = request as { podSandboxId?: string };
      return withSandbox(podSandboxId, async () => ({
        code: 'OK',
        response: await statsOf(runtime, 'PodSandboxStats', { request, runId }),
      }));
    },
  };
}

function containerHandlers({ runtime, runId, observation, orders, images }: CriHandlerContext): CriHandlers {
  const withContainer = async (
    id: string | undefined,
    act: (record: ContainerRecord) => Promise<CriResult>,
  ): Promise<CriResult> => {
    const record = observation.containers.get(id ?? '');
    return record === undefined ? notFound('container', id ?? '') : act(record);
  };
  const passedOn =
    (method: 'UpdateContainerResources' | 'ReopenContainerLog') =>
    (request: object): Promise<CriResult> =>
      withContainer((request as { containerId?: string }).containerId, async () => {
        await runtime.call(method, request);
        return empty;
      });
  return {
    async CreateContainer({ podSandboxId, config }) {
      const sandbox = observation.sandboxes.get(podSandboxId);
      if (sandbox === undefined) return notFound('sandbox', podSandboxId);
      const image = images.get(config.image.image);
      if (image === undefined) return imageUnknown(config.image.image);
      const record = await orders.createContainer(sandbox, config, image.id);
      return ok<'CreateContainer'>({ containerId: record.id });
    },
    StartContainer: ({ containerId }) =>
      withContainer(containerId, async (record) => {
        await orders.startContainer(record);
        return empty;
      }),
    StopContainer: ({ containerId, timeout }) =>
      withContainer(containerId, async (record) => {
        await orders.stopContainer(record, timeout ?? 0, 'agent');
        return empty;
      }),
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
      withContainer(containerId, async (record) => {
        const status = await observation.refreshContainer(record);
        return status === undefined ? notFound('container', containerId) : ok<'ContainerStatus'>({ status });
      }),
    UpdateContainerResources: passedOn('UpdateContainerResources'),
    ReopenContainerLog: passedOn('ReopenContainerLog'),
    ExecSync: (request) =>
      withContainer(request.containerId, async () => {
        const { timeout = 0 } = request;
        const timeoutMs = timeout > 0 ? timeout * 1_000 + execTimeoutMs : execTimeoutMsMax;
        return ok<'ExecSync'>(await runtime.call('ExecSync', request, timeoutMs));
      }),
    ContainerStats(request) {
      const { containerId } = request as { containerId?: string };
      return withContainer(containerId, async () => ({
        code: 'OK',
        response: await statsOf(runtime, 'ContainerStats', { request, runId }),
      }));
    },
  };
}

function ok<Method extends CriMethod>(response: CriResponse<Method>): CriResult {
  return { code: 'OK', response };
}
