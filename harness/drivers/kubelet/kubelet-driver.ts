import { mkdirSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { AgentDriver, AgentProcess } from '../../ports/driver.js';
import { createProcessDriver } from '../process-driver.js';
import type { FoundKubelet } from './find-kubelet.js';
import { fixedPlaces, kernelSettings, kubeletCommand, settingFile } from './kubelet-command.js';
import {
  kubeletConfiguration,
  kubeletDirectories,
  type KubeletDirectories,
} from './kubelet-configuration.js';
import { kubeletProfile } from './kubelet-profile.js';
import type { KubeletVariant } from './kubelet-variant.js';
import { likelyCause } from './likely-cause.js';

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
      const directories = kubeletDirectories(endpoints.stateDirectory);
      const configuration = join(endpoints.stateDirectory, 'kubelet', 'config.yaml');
      prepare(directories);
      writeFileSync(configuration, stringify(kubeletConfiguration(kubelet.version, endpoints, directories)));
      const command = kubeletCommand(
        { binary: kubelet.binary, configuration, directories, address: ownAddress() },
        endpoints,
      );
      const driver = createProcessDriver({ profile, command, stopTimeoutMs });
      return explained(await driver.start(endpoints, incarnation));
    },
  };
}

function prepare(directories: KubeletDirectories): void {
  for (const directory of Object.values(directories) as string[]) mkdirSync(directory, { recursive: true });
  for (const [setting, value] of Object.entries(kernelSettings))
    writeFileSync(settingFile(directories.kernelSettings, setting), `${value}\n`);
  // What is mounted over has to be there; a kubelet would make these itself.
  for (const place of Object.values(fixedPlaces)) mkdirSync(place, { recursive: true });
}

/** An address of this machine that is not only its own: a kubelet refuses 127.0.0.1. */
function ownAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((several) => several ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

function explained(started: AgentProcess): AgentProcess {
  const exited = started.exited.then((exit) => {
    const cause = likelyCause(exit.lastOutput);
    return cause === undefined ? exit : { ...exit, likelyCause: cause };
  });
  return { ...started, exited };
}
