import { join } from 'node:path';
import type { AgentEndpoints } from '../../ports/driver.js';
import type { KubeletVersion } from './kubelet-version.js';

/** Where one kubelet keeps its things, each an own directory below the state directory of its run. */
export interface KubeletDirectories {
  readonly root: string;
  readonly certificates: string;
  /** Also stands in for `/var/log/pods`. */
  readonly podLogs: string;
  readonly volumePlugins: string;
  /** Stands in for `/var/lib/kubelet`, where a kubelet puts sockets whatever its root directory is. */
  readonly fixedState: string;
  /** Stands in for `/var/log/containers`. */
  readonly containerLogs: string;
  /** Stands in for what a kubelet would set for the whole machine. */
  readonly kernelSettings: string;
}

/** Where a kubelet answers for its pods, and whom. */
export interface KubeletServer extends KubeletAddress {
  /** PEM. Whoever has a certificate of this authority may do everything, and nobody else anything. */
  readonly clientAuthorityFile: string;
}

export interface KubeletAddress {
  readonly address: string;
  readonly port: number;
}

/** The directories of the kubelet of a run; they survive its restarts. */
export function kubeletDirectories(stateDirectory: string): KubeletDirectories {
  const own = (name: string): string => join(stateDirectory, 'kubelet', name);
  return {
    root: own('root'),
    certificates: own('certificates'),
    podLogs: own('pod-logs'),
    volumePlugins: own('volume-plugins'),
    fixedState: own('fixed-state'),
    containerLogs: own('container-logs'),
    kernelSettings: own('kernel-settings'),
  };
}

/**
 * Whether the maximum of the crash back-off is to be set. Since 1.32 it can be, behind a gate; but only since 1.35 does a
 * kubelet come back when a back-off that is shorter than its retries is over.
 */
export function setsBackoffMax({ minor }: KubeletVersion): boolean {
  return minor >= 35;
}

/** Whether the directory of the pods' logs can be set. */
export function takesPodLogsDirectory({ minor }: KubeletVersion): boolean {
  return minor >= 30;
}

/**
 * The KubeletConfiguration for one version: a field that a version does not know would keep it from starting. It
 * asks nothing of the machine that a container cannot give: neither systemd nor cgroups of its own, no firewall rules,
 * and no ports unless it is given a server.
 */
export function kubeletConfiguration(
  version: KubeletVersion,
  endpoints: AgentEndpoints,
  directories: KubeletDirectories,
  server?: KubeletServer,
): object {
  const { minor } = version;
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: endpoints.runtime,
    ...(endpoints.file === undefined ? {} : { staticPodPath: endpoints.file }),
    ...(endpoints.http === undefined ? {} : { staticPodURL: endpoints.http }),
    ...periods(version, endpoints),
    ...withoutTheMachine,
    ...serverFields(server),
    ...limits,
    ...(takesPodLogsDirectory(version) ? { podLogsDir: directories.podLogs } : {}),
    ...(minor >= 31 ? { failCgroupV1: false } : {}),
    volumePluginDir: directories.volumePlugins,
  };
}

function periods(version: KubeletVersion, { timings }: AgentEndpoints): object {
  return {
    fileCheckFrequency: `${timings.fileCheckMs}ms`,
    httpCheckFrequency: `${timings.httpCheckMs}ms`,
    syncFrequency: `${timings.syncFrequencyMs}ms`,
    runtimeRequestTimeout: `${timings.callDeadlineMs}ms`,
    ...(setsBackoffMax(version)
      ? { crashLoopBackOff: { maxContainerRestartPeriod: `${timings.backoffMaxMs}ms` } }
      : {}),
  };
}

/**
 * Also a kubelet that does not serve publishes a port, 10250 if it is given none, where another kubelet may be; zero it
 * refuses. At this one nothing is.
 */
const portOfNobody = 1;

function serverFields(server: KubeletServer | undefined): object {
  const authorization = { mode: 'AlwaysAllow' };
  const webhook = { enabled: false };
  if (server === undefined) {
    // There is no kubelet without a way in, even where there is no door.
    const authentication = { anonymous: { enabled: true }, webhook };
    return { enableServer: false, port: portOfNobody, authentication, authorization };
  }
  const { address, port, clientAuthorityFile } = server;
  const x509 = { clientCAFile: clientAuthorityFile };
  const authentication = { anonymous: { enabled: false }, webhook, x509 };
  return { enableServer: true, address, port, authentication, authorization };
}

const withoutTheMachine = {
  failSwapOn: false,
  cgroupDriver: 'cgroupfs',
  cgroupsPerQOS: false,
  enforceNodeAllocatable: [],
  localStorageCapacityIsolation: false,
  makeIPTablesUtilChains: false,
  // The machine needs its kubelets no more than its other processes.
  oomScoreAdj: 0,
  readOnlyPort: 0,
  healthzPort: 0,
  // Nothing is resolved in the pods, and without a name server each of them would be complained about.
  clusterDNS: ['10.96.0.10'],
  clusterDomain: 'cluster.local',
};

/** How full the machine is must not decide what happens to pods and images, nor how many pulls, pods or writes there were. */
const limits = {
  evictionHard: {},
  imageGCHighThresholdPercent: 100,
  serializeImagePulls: false,
  registryPullQPS: 0,
  // Many plans may share one kubelet, and none of them may be slowed down by the writes for the others.
  maxPods: 2_000,
  kubeAPIQPS: 1_000,
  kubeAPIBurst: 2_000,
  // Nothing is judged by its Events, a third of all that it would write: one plan's are all told, many plans' in part.
  eventRecordQPS: 5,
  eventBurst: 50,
};
