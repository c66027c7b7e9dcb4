import type { CriMethod, GrpcCode } from '../spec/plan.js';
import type {
  ContainerStats,
  FilesystemUsage,
  MetricDescriptor,
  PodSandboxMetrics,
  PodSandboxStats,
  StatsFilter,
} from './cri-stats.js';

/**
 * The messages of `runtime.v1` that the suite reads or writes, as proto-loader gives them with
 * `{ enums: String, longs: Number }`: field names in camelCase, enums as their names, int64 as number.
 * Nanosecond times are numbers too and so are exact to 256 ns. Fields the suite never reads pass through.
 */
export interface PodSandboxMetadata {
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
}

export interface NamespaceOption {
  network?: 'POD' | 'CONTAINER' | 'NODE' | 'TARGET';
  pid?: 'POD' | 'CONTAINER' | 'NODE' | 'TARGET';
  ipc?: 'POD' | 'CONTAINER' | 'NODE' | 'TARGET';
}

export interface PodSandboxConfig {
  metadata: PodSandboxMetadata;
  hostname?: string;
  logDirectory?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  linux?: { cgroupParent?: string; securityContext?: { namespaceOptions?: NamespaceOption } };
}

export type PodSandboxState = 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
export interface PodSandbox {
  id: string;
  metadata: PodSandboxMetadata;
  state: PodSandboxState;
  /** Nanoseconds since the epoch. */
  createdAt: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  runtimeHandler?: string;
}
export interface PodSandboxStatus extends PodSandbox {
  network?: { ip: string; additionalIps?: { ip: string }[] };
  linux?: { namespaces?: { options?: NamespaceOption } };
}
export interface PodSandboxFilter {
  id?: string;
  state?: { state: PodSandboxState };
  labelSelector?: Record<string, string>;
}

export interface ContainerMetadata {
  name: string;
  attempt: number;
}
export interface ImageSpec {
  image: string;
  annotations?: Record<string, string>;
}
/** Absent and 0 both mean: not set. */
export interface LinuxContainerResources {
  /** Microseconds. */
  cpuPeriod?: number;
  /** Microseconds in each period. */
  cpuQuota?: number;
  cpuShares?: number;
  memoryLimitInBytes?: number;
  memorySwapLimitInBytes?: number;
  oomScoreAdj?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
  hugepageLimits?: { pageSize: string; limit: number }[];
  unified?: Record<string, string>;
}
export interface Mount {
  containerPath: string;
  hostPath: string;
  readonly?: boolean;
  propagation?: 'PROPAGATION_PRIVATE' | 'PROPAGATION_HOST_TO_CONTAINER' | 'PROPAGATION_BIDIRECTIONAL';
  image?: ImageSpec;
}
export interface ContainerSecurityContext {
  runAsUser?: { value: number };
  runAsGroup?: { value: number };
  supplementalGroups?: number[];
  namespaceOptions?: NamespaceOption;
}
export interface ContainerConfig {
  metadata: ContainerMetadata;
  image: ImageSpec;
  command?: string[];
  args?: string[];
  workingDir?: string;
  envs?: { key: string; value: string }[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** Relative to the sandbox's logDirectory. */
  logPath?: string;
  mounts?: Mount[];
  /** Its standard input stays open for those who attach; with `stdinOnce`, until the first of them closes it. */
  stdin?: boolean;
  stdinOnce?: boolean;
  tty?: boolean;
  /** A number of the CRI's own list, 0 for the one of the image. */
  stopSignal?: number;
  linux?: { resources?: LinuxContainerResources; securityContext?: ContainerSecurityContext };
}
export type ContainerState =
  'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN';
export interface Container {
  id: string;
  podSandboxId: string;
  metadata: ContainerMetadata;
  image: ImageSpec;
  imageRef: string;
  /** Of runtimes that tell it beside the reference. */
  imageId?: string;
  state: ContainerState;
  createdAt: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
export interface ContainerStatus {
  id: string;
  metadata: ContainerMetadata;
  state: ContainerState;
  createdAt: number;
  /** 0 until started. */
  startedAt: number;
  /** 0 until exited. */
  finishedAt: number;
  exitCode: number;
  image: ImageSpec;
  imageRef: string;
  imageId?: string;
  /** `Completed`, `Error`, `OOMKilled` or empty. */
  reason: string;
  message: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  logPath: string;
  /** As they were asked for, and updated. */
  resources?: { linux?: LinuxContainerResources };
  mounts?: Mount[];
  user?: { linux?: { uid: number; gid: number; supplementalGroups: number[] } };
  stopSignal?: number;
}
export interface ContainerFilter {
  id?: string;
  state?: { state: ContainerState };
  podSandboxId?: string;
  labelSelector?: Record<string, string>;
}
export interface Image {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  /** Bytes. */
  size: number;
  spec?: ImageSpec;
}
export interface RuntimeCondition {
  type: 'RuntimeReady' | 'NetworkReady' | (string & {});
  status: boolean;
  reason?: string;
  message?: string;
}
export interface RuntimeHandler {
  /** Empty for the default one. */
  name: string;
  features?: { recursiveReadOnlyMounts?: boolean; userNamespaces?: boolean };
}
export interface ContainerEvent {
  containerId: string;
  containerEventType:
    | 'CONTAINER_CREATED_EVENT'
    | 'CONTAINER_STARTED_EVENT'
    | 'CONTAINER_STOPPED_EVENT'
    | 'CONTAINER_DELETED_EVENT';
  /** Nanoseconds since the epoch. */
  createdAt: number;
  podSandboxStatus?: PodSandboxStatus;
  containersStatuses?: ContainerStatus[];
}

/** Request and response of each unary method that has its own shape here; the rest pass as plain objects. */
export interface CriCalls {
  Version: [
    { version?: string },
    { version: string; runtimeName: string; runtimeVersion: string; runtimeApiVersion: string },
  ];
  Status: [
    { verbose?: boolean },
    {
      status: { conditions: RuntimeCondition[] };
      info?: Record<string, string>;
      runtimeHandlers?: RuntimeHandler[];
      features?: { supplementalGroupsPolicy?: boolean; userNamespacesHostNetwork?: boolean };
    },
  ];
  RunPodSandbox: [{ config: PodSandboxConfig; runtimeHandler?: string }, { podSandboxId: string }];
  StopPodSandbox: [{ podSandboxId: string }, object];
  RemovePodSandbox: [{ podSandboxId: string }, object];
  PodSandboxStatus: [
    { podSandboxId: string; verbose?: boolean },
    { status: PodSandboxStatus; containersStatuses?: ContainerStatus[] },
  ];
  ListPodSandbox: [{ filter?: PodSandboxFilter }, { items: PodSandbox[] }];
  CreateContainer: [
    { podSandboxId: string; config: ContainerConfig; sandboxConfig?: PodSandboxConfig },
    { containerId: string },
  ];
  StartContainer: [{ containerId: string }, object];
  /** `timeout` in seconds: SIGTERM, then SIGKILL that much later. */
  StopContainer: [{ containerId: string; timeout?: number }, object];
  RemoveContainer: [{ containerId: string }, object];
  ListContainers: [{ filter?: ContainerFilter }, { containers: Container[] }];
  ContainerStatus: [{ containerId: string; verbose?: boolean }, { status: ContainerStatus }];
  ExecSync: [
    { containerId: string; cmd: string[]; timeout?: number },
    { stdout: Buffer; stderr: Buffer; exitCode: number },
  ];
  /** The answer names where the session itself is had, once and soon. */
  Exec: [
    {
      containerId: string;
      cmd: string[];
      tty?: boolean;
      stdin?: boolean;
      stdout?: boolean;
      stderr?: boolean;
    },
    { url: string },
  ];
  Attach: [
    { containerId: string; tty?: boolean; stdin?: boolean; stdout?: boolean; stderr?: boolean },
    { url: string },
  ];
  PortForward: [{ podSandboxId: string; port?: number[] }, { url: string }];
  UpdateContainerResources: [{ containerId: string; linux?: LinuxContainerResources }, object];
  UpdatePodSandboxResources: [
    { podSandboxId: string; overhead?: LinuxContainerResources; resources?: LinuxContainerResources },
    object,
  ];
  ReopenContainerLog: [{ containerId: string }, object];
  /** `timeout` in seconds. */
  CheckpointContainer: [{ containerId: string; location?: string; timeout?: number }, object];
  ContainerStats: [{ containerId: string }, { stats?: ContainerStats }];
  ListContainerStats: [{ filter?: StatsFilter }, { stats: readonly ContainerStats[] }];
  PodSandboxStats: [{ podSandboxId: string }, { stats?: PodSandboxStats }];
  ListPodSandboxStats: [{ filter?: StatsFilter }, { stats: readonly PodSandboxStats[] }];
  ListMetricDescriptors: [object, { descriptors: readonly MetricDescriptor[] }];
  ListPodSandboxMetrics: [object, { podMetrics: readonly PodSandboxMetrics[] }];
  RuntimeConfig: [object, { linux?: { cgroupDriver: 'SYSTEMD' | 'CGROUPFS' } }];
  UpdateRuntimeConfig: [{ runtimeConfig?: { networkConfig?: { podCidr: string } } }, object];
  ImageFsInfo: [
    object,
    { imageFilesystems: readonly FilesystemUsage[]; containerFilesystems: readonly FilesystemUsage[] },
  ];
  ListImages: [{ filter?: { image?: ImageSpec } }, { images: Image[] }];
  ImageStatus: [{ image: ImageSpec; verbose?: boolean }, { image?: Image }];
  PullImage: [{ image: ImageSpec; auth?: object; sandboxConfig?: PodSandboxConfig }, { imageRef: string }];
  RemoveImage: [{ image: ImageSpec }, object];
}
export type CriRequest<Method extends CriMethod> = Method extends keyof CriCalls
  ? CriCalls[Method][0]
  : object;
export type CriResponse<Method extends CriMethod> = Method extends keyof CriCalls
  ? CriCalls[Method][1]
  : object;

/** How a call ended. */
export type CriResult =
  { readonly code: 'OK'; readonly response: object } | { readonly code: GrpcCode; readonly message: string };

/** A call that the runtime answered with a gRPC status other than OK, or that ran into its deadline. */
export class CriError extends Error {
  override readonly name = 'CriError';
  constructor(
    readonly code: GrpcCode,
    message: string,
  ) {
    super(message);
  }
}

/** The runtime as an agent sees it. */
export interface CriClient {
  /** Rejects with {@link CriError}. `timeoutMs`: the caller's own deadline (DEADLINE_EXCEEDED). */
  call<Method extends CriMethod>(
    method: Method,
    request: CriRequest<Method>,
    options?: { readonly timeoutMs?: number },
  ): Promise<CriResponse<Method>>;
  /** Opens GetContainerEvents. `onEnd` is called once, when the stream ends other than by `close`. */
  events(onEvent: (event: ContainerEvent) => void, onEnd: (error?: CriError) => void): { close(): void };
}
