import type { AgentDriver, AgentProcess } from '../../ports/driver.js';
import { createProcessDriver } from '../process-driver.js';
import type { FoundKubelet } from './find-kubelet.js';
import { kubeletProfile } from './kubelet-profile.js';
import type { KubeletVariant } from './kubelet-variant.js';
import { likelyCause } from './likely-cause.js';
import { prepareKubelet } from './prepare-kubelet.js';

/** A kubelet needs some seconds to begin, and more of them on a busy machine. */
export const kubeletReadyTimeoutMs = 90_000;
const stopTimeoutMs = 20_000;

/** Starts unmodified kubelets, each with a configuration, directories and mounts of its own. */
export function createKubeletDriver(kubelet: FoundKubelet, variant: KubeletVariant): AgentDriver {
  const profile = kubeletProfile(kubelet.version, variant);
  return {
    profile,
    // Without a kubeconfig it is standalone, and what its configuration does not name it does not wait for.
    takesAnySources: true,
    async start(endpoints, incarnation) {
      const command = prepareKubelet(kubelet, endpoints);
      const driver = createProcessDriver({ profile, command, stopTimeoutMs });
      return explained(await driver.start(endpoints, incarnation));
    },
  };
}

function explained(started: AgentProcess): AgentProcess {
  const exited = started.exited.then((exit) => {
    const cause = likelyCause(exit.lastOutput);
    return cause === undefined ? exit : { ...exit, likelyCause: cause };
  });
  return { ...started, exited };
}
