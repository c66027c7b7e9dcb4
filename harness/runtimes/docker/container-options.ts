import type { CriRequest, LinuxContainerResources, PodSandboxConfig } from '../../ports/cri.js';
import { runLabels } from '../run-labels.js';
import type { DockerEngine } from './docker-engine.js';

type CreateOptions = Parameters<DockerEngine['container']['create']>[0];

/** What all containers of a backend have in common. */
export interface RunIdentity {
  readonly runId: string;
  readonly owner: string;
  readonly image: string;
}

/** The container that stands for a sandbox: it holds the network and does nothing. */
export function sandboxOptions(run: RunIdentity, config: PodSandboxConfig): CreateOptions {
  const { metadata } = config;
  const hostNetwork = isHostNetwork(config);
  return {
    name: containerName(run, ['sandbox', metadata.name]),
    Image: run.image,
    Entrypoint: ['/bin/sleep', '2147483647'],
    Cmd: [],
    ...(hostNetwork ? {} : { Hostname: hostName(config.hostname || metadata.name) }),
    Labels: labelsOf(run, 'sandbox', { pod: `${metadata.namespace}/${metadata.name}` }),
    HostConfig: { NetworkMode: hostNetwork ? 'host' : 'bridge' },
  };
}

/** A container of a pod: command, arguments and resources as asked, in the network of its sandbox. */
export function containerOptions(
  run: RunIdentity,
  sandbox: { readonly id: string; readonly hostNetwork: boolean; readonly pod: string },
  config: CriRequest<'CreateContainer'>['config'],
): CreateOptions {
  const resources = config.linux?.resources ?? {};
  return {
    name: containerName(run, [config.metadata.name, sandbox.pod.slice(sandbox.pod.indexOf('/') + 1)]),
    Image: run.image,
    ...(config.command?.length ? { Entrypoint: config.command } : {}),
    Cmd: config.args ?? [],
    Env: (config.envs ?? []).map(({ key, value }) => `${key}=${value}`),
    ...(config.workingDir ? { WorkingDir: config.workingDir } : {}),
    Tty: config.tty === true,
    OpenStdin: config.stdin === true,
    StdinOnce: config.stdinOnce === true,
    Labels: labelsOf(run, 'container', { pod: sandbox.pod, container: config.metadata.name }),
    HostConfig: {
      NetworkMode: sandbox.hostNetwork ? 'host' : `container:${sandbox.id}`,
      ...limits(resources),
    },
  };
}

export function isHostNetwork(config: PodSandboxConfig): boolean {
  return config.linux?.securityContext?.namespaceOptions?.network === 'NODE';
}

/**
 * Limits that the engine takes. A negative oom_score_adj needs a privilege that the engine itself may lack,
 * and decides nothing that the suite looks at, so it is left out.
 */
function limits(resources: LinuxContainerResources): object {
  const { oomScoreAdj } = resources;
  return {
    ...resourceLimits(resources),
    ...(positive(oomScoreAdj) ? { OomScoreAdj: Math.min(oomScoreAdj, 1_000) } : {}),
  };
}

/** Those that can be changed while the container runs. */
export function resourceLimits(resources: LinuxContainerResources): object {
  const { memoryLimitInBytes, cpuShares, cpuQuota, cpuPeriod } = resources;
  return {
    ...(positive(memoryLimitInBytes) ? { Memory: memoryLimitInBytes } : {}),
    ...(positive(cpuShares) ? { CpuShares: cpuShares } : {}),
    ...(positive(cpuQuota) ? { CpuQuota: cpuQuota } : {}),
    ...(positive(cpuPeriod) ? { CpuPeriod: cpuPeriod } : {}),
  };
}

function positive(value: number | undefined): value is number {
  return value !== undefined && value > 0;
}

function labelsOf(
  run: RunIdentity,
  kind: string,
  about: { readonly pod: string; readonly container?: string },
): Record<string, string> {
  return {
    [runLabels.run]: run.runId,
    [runLabels.owner]: run.owner,
    [runLabels.kind]: kind,
    [runLabels.pod]: about.pod,
    ...(about.container === undefined ? {} : { [runLabels.container]: about.container }),
  };
}

let nameCount = 0;

/** For people who look at `docker ps`; the number makes it unique in the run. */
function containerName(run: RunIdentity, parts: readonly string[]): string {
  const words = [...parts, run.runId].map((word) => word.replace(/[^a-zA-Z0-9.-]/g, '-').slice(0, 60));
  return `nac_${words.join('_')}_${process.pid}_${++nameCount}`;
}

function hostName(wanted: string): string {
  return wanted.replace(/[^a-zA-Z0-9-]/g, '-').slice(0, 63);
}
