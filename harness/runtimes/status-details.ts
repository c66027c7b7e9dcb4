import type { ContainerConfig, ContainerStatus, LinuxContainerResources } from '../ports/cri.js';

/** What the status of a container says of what it was asked to be; parts that were not asked for are left out. */
export function statusDetails(
  config: ContainerConfig,
): Pick<ContainerStatus, 'resources' | 'mounts' | 'user' | 'stopSignal'> {
  const { mounts, linux, stopSignal } = config;
  const security = linux?.securityContext;
  const uid = security?.runAsUser?.value;
  return {
    ...(linux?.resources && { resources: { linux: linux.resources } }),
    ...(mounts?.length && { mounts }),
    ...(uid !== undefined && {
      user: {
        linux: {
          uid,
          gid: security?.runAsGroup?.value ?? 0,
          supplementalGroups: security?.supplementalGroups ?? [],
        },
      },
    }),
    ...(stopSignal && { stopSignal }),
  };
}

/** With what was asked for last; what an update does not name stays as it was. */
export function withResources(status: ContainerStatus, update: LinuxContainerResources): ContainerStatus {
  const known: Record<string, unknown> = { ...status.resources?.linux };
  for (const [name, value] of Object.entries(update)) {
    const isNamed = typeof value === 'object' ? Object.keys(value).length > 0 : Boolean(value);
    if (isNamed) known[name] = value;
  }
  return { ...status, resources: { linux: known } };
}
