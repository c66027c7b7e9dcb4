import type {
  ContainerConfig,
  ContainerStatus,
  Container,
  CriClient,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
  RuntimeCondition,
} from '../../harness/ports/cri.js';
import { CriError } from '../../harness/ports/cri.js';
import { Keys } from '../../harness/spec/pod.js';
import type { Timings } from '../../harness/spec/timings.js';

/** The runtime calls that the agent makes, each with its deadline. All reject with CriError. */
export interface RuntimeCalls {
  conditions(): Promise<readonly RuntimeCondition[]>;
  listSandboxes(uid?: string): Promise<readonly PodSandbox[]>;
  listContainers(uid?: string): Promise<readonly Container[]>;
  sandboxStatus(id: string): Promise<PodSandboxStatus>;
  containerStatus(id: string): Promise<ContainerStatus>;
  runSandbox(config: PodSandboxConfig): Promise<string>;
  createContainer(sandboxId: string, config: ContainerConfig, sandbox: PodSandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  stopContainer(id: string, timeoutS: number): Promise<void>;
  stopSandbox(id: string): Promise<void>;
  removeContainer(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  /** Runs a command in the container for at most `timeoutMs`. */
  exec(id: string, command: readonly string[], timeoutMs: number): Promise<void>;
  isImagePresent(image: string): Promise<boolean>;
  pullImage(image: string, sandbox: PodSandboxConfig): Promise<void>;
}

/** How long the runtime's own status may take at most: a runtime that hangs is down. */
const statusDeadlineMaxMs = 30_000;

export function createRuntimeCalls(client: CriClient, timings: Timings): RuntimeCalls {
  const usual = { timeoutMs: timings.callDeadlineMs };
  const long = { timeoutMs: 2 * timings.callDeadlineMs };
  const status = { timeoutMs: Math.min(timings.callDeadlineMs, statusDeadlineMaxMs) };
  const all = {};
  const filterOf = (uid: string | undefined) =>
    uid === undefined ? all : { filter: { labelSelector: { [Keys.labelPodUid]: uid } } };
  return {
    conditions: async () => (await client.call('Status', {}, status)).status.conditions,
    listSandboxes: async (uid) => (await client.call('ListPodSandbox', filterOf(uid), usual)).items ?? [],
    listContainers: async (uid) =>
      (await client.call('ListContainers', filterOf(uid), usual)).containers ?? [],
    sandboxStatus: async (podSandboxId) =>
      (await client.call('PodSandboxStatus', { podSandboxId }, usual)).status,
    containerStatus: async (containerId) =>
      (await client.call('ContainerStatus', { containerId }, usual)).status,
    runSandbox: async (config) => (await client.call('RunPodSandbox', { config }, long)).podSandboxId,
    createContainer: async (podSandboxId, config, sandboxConfig) =>
      (await client.call('CreateContainer', { podSandboxId, config, sandboxConfig }, usual)).containerId,
    startContainer: async (containerId) => void (await client.call('StartContainer', { containerId }, usual)),
    stopContainer: async (containerId, timeout) =>
      void (await client.call(
        'StopContainer',
        { containerId, timeout },
        { timeoutMs: timeout * 1_000 + timings.callDeadlineMs },
      )),
    stopSandbox: async (podSandboxId) => void (await client.call('StopPodSandbox', { podSandboxId }, usual)),
    removeContainer: async (containerId) =>
      void (await client.call('RemoveContainer', { containerId }, usual)),
    removeSandbox: async (podSandboxId) =>
      void (await client.call('RemovePodSandbox', { podSandboxId }, usual)),
    exec: async (containerId, command, timeoutMs) =>
      void (await client.call(
        'ExecSync',
        { containerId, cmd: [...command], timeout: Math.max(1, Math.ceil(timeoutMs / 1_000)) },
        { timeoutMs },
      )),
    isImagePresent: async (image) =>
      (await client.call('ImageStatus', { image: { image } }, usual)).image != null,
    pullImage: async (image, sandboxConfig) =>
      void (await client.call('PullImage', { image: { image }, sandboxConfig }, long)),
  };
}

/** Whether the runtime answered that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof CriError && error.code === 'NOT_FOUND';
}

/** Whether the runtime does not know this call at all. */
export function isUnimplemented(error: unknown): boolean {
  return error instanceof CriError && error.code === 'UNIMPLEMENTED';
}
