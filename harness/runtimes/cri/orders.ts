import type { CriRequest, CriResponse } from '../../ports/cri.js';
import { workloadCommand } from '../../spec/workload.js';
import type { ChangeCause } from '../../trace/events.js';
import { runLabels } from '../run-labels.js';
import { uidInRun } from './uid-in-run.js';
import type { ContainerRecord, SandboxRecord } from './cri-records.js';
import { askedImage, ensureWorkload, hasWorkload } from './ensure-workload.js';
import type { Observation } from './observation.js';
import type { PreparedRuntime } from './prepare-runtime.js';

/** What changes the runtime, by the agent and from outside. Each resolves when the change has been reported. */
export interface Orders {
  runSandbox(request: CriRequest<'RunPodSandbox'>): Promise<SandboxRecord>;
  stopSandbox(record: SandboxRecord, cause: ChangeCause): Promise<void>;
  removeSandbox(record: SandboxRecord, cause: ChangeCause): Promise<void>;
  /** `imageRef`: what agents are told of the image that they asked for. */
  createContainer(
    sandbox: SandboxRecord,
    config: CriRequest<'CreateContainer'>['config'],
    imageRef: string,
  ): Promise<ContainerRecord>;
  startContainer(record: ContainerRecord): Promise<void>;
  stopContainer(record: ContainerRecord, timeoutS: number, cause: ChangeCause): Promise<void>;
  removeContainer(record: ContainerRecord, cause: ChangeCause): Promise<void>;
  /** Makes the workload end by itself; resolves false when it does not. */
  exitContainer(record: ContainerRecord, exitCode: number): Promise<boolean>;
}

/** How long a runtime may take to say that a container which it has stopped has ended. */
const endTimeoutMs = 10_000;
/** Beyond the grace period that the caller gives. */
const stopTimeoutMs = 120_000;
const graceSMax = 86_400;
/** A container this young may have lost a SIGTERM that came before its handler, and is told again after these. */
const youngMs = 1_000;
const remindAfterMs = [150, 450];

export function createOrders(
  { runtime, image }: PreparedRuntime,
  run: { readonly runId: string; readonly owner: string; readonly observation: Observation },
): Orders {
  const { observation } = run;
  const labels = { [runLabels.run]: run.runId, [runLabels.owner]: run.owner };

  /** Whatever became of an order, what it did is seen before its answer. */
  async function observed<Result>(order: Promise<Result>, look: () => Promise<unknown>): Promise<Result> {
    try {
      return await order;
    } finally {
      await look();
    }
  }

  function remind(record: ContainerRecord): () => void {
    if (Date.now() - record.status.startedAt / 1e6 > youngMs) return () => {};
    const request = { containerId: record.id, cmd: [workloadCommand, 'terminate'], timeout: 2 };
    const timers = remindAfterMs.map((delayMs) =>
      // It fails when the container has ended meanwhile, which is as good.
      setTimeout(() => void runtime.call('ExecSync', request).catch(() => {}), delayMs),
    );
    return () => timers.forEach(clearTimeout);
  }

  return {
    async runSandbox({ config: asked, runtimeHandler }) {
      // Runtimes take these parts to be there, and one of them dies without.
      const config = {
        ...asked,
        metadata: { ...asked.metadata, uid: uidInRun(asked.metadata.uid, run.runId) },
        labels: { ...asked.labels, ...labels },
        linux: asked.linux ?? {},
      };
      const request = { config, ...(runtimeHandler === undefined ? {} : { runtimeHandler }) };
      const { podSandboxId } = await runtime.call('RunPodSandbox', request);
      const { status } = await runtime.call('PodSandboxStatus', { podSandboxId });
      return observation.addSandbox({ status, asked, config });
    },
    async stopSandbox(record, cause) {
      record.endOrderedBy ??= cause;
      for (const container of record.containers) container.endOrderedBy ??= cause;
      const order = runtime.call('StopPodSandbox', { podSandboxId: record.id });
      await observed(order, async () => {
        await Promise.all([...record.containers].map((container) => observation.refreshContainer(container)));
        await observation.refreshSandbox(record);
      });
    },
    async removeSandbox(record, cause) {
      record.endOrderedBy ??= cause;
      record.removalOrderedBy ??= cause;
      await runtime.call('RemovePodSandbox', { podSandboxId: record.id });
      observation.sandboxRemoved(record, cause);
    },
    async createContainer(sandbox, asked, imageRef) {
      const config = {
        ...asked,
        image: askedImage(image),
        labels: { ...asked.labels, ...labels },
        linux: asked.linux ?? {},
      };
      const request = { podSandboxId: sandbox.id, config, sandboxConfig: sandbox.config };
      const order = (): Promise<CriResponse<'CreateContainer'>> => runtime.call('CreateContainer', request);
      const { containerId } = await order().catch(async (error: unknown) => {
        // Others who use the runtime may clear away images that nobody uses at the moment.
        if (await hasWorkload(runtime)) throw error;
        await ensureWorkload(runtime);
        return order();
      });
      const { status } = await runtime.call('ContainerStatus', { containerId });
      return observation.addContainer(sandbox, { status, config: asked, imageRef });
    },
    async startContainer(record) {
      record.startOrderedAt ||= Date.now() * 1e6;
      const order = runtime.call('StartContainer', { containerId: record.id });
      await observed(order, () => observation.refreshContainer(record));
    },
    async stopContainer(record, timeoutS, cause) {
      const isRunning = record.status.state === 'CONTAINER_RUNNING';
      if (isRunning) record.endOrderedBy ??= cause;
      const timeout = Math.min(Math.max(timeoutS, 0), graceSMax);
      const forget = isRunning && timeout > 0 ? remind(record) : () => {};
      const request = { containerId: record.id, timeout };
      const order = runtime.call('StopContainer', request, timeout * 1_000 + stopTimeoutMs).finally(forget);
      await observed(order, () => observation.refreshContainer(record));
      if (isRunning) await observation.ended(record, endTimeoutMs);
    },
    async removeContainer(record, cause) {
      record.endOrderedBy ??= cause;
      record.removalOrderedBy ??= cause;
      await runtime.call('RemoveContainer', { containerId: record.id });
      observation.containerRemoved(record, cause);
    },
    async exitContainer(record, exitCode) {
      record.exitOrdered = true;
      const cmd = [workloadCommand, 'exit', String(exitCode)];
      await runtime.call('ExecSync', { containerId: record.id, cmd, timeout: 10 });
      return observation.ended(record, endTimeoutMs);
    },
  };
}
