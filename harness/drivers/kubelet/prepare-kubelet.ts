import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { AgentEndpoints } from '../../ports/driver.js';
import { readKubeconfig } from '../agent-ports/kubeconfig.js';
import type { FoundKubelet } from './find-kubelet.js';
import { fixedPlaces, kernelSettings, kubeletCommand, settingFile } from './kubelet-command.js';
import {
  kubeletConfiguration,
  kubeletDirectories,
  type KubeletAddress,
  type KubeletDirectories,
  type KubeletServer,
} from './kubelet-configuration.js';
import { ownAddress } from './own-address.js';

/**
 * Makes what a kubelet finds at its start; returns the program and its arguments. `serveAt`: where it is to answer for
 * its pods, if there is an API server that may ask it.
 */
export function prepareKubelet(
  kubelet: FoundKubelet,
  endpoints: AgentEndpoints,
  serveAt?: KubeletAddress,
): string[] {
  const directories = kubeletDirectories(endpoints.stateDirectory);
  makeDirectories(directories);
  const own = join(endpoints.stateDirectory, 'kubelet');
  const configuration = join(own, 'config.yaml');
  const server = serverAt(serveAt, endpoints, join(own, 'authority.pem'));
  const fields = kubeletConfiguration(kubelet.version, endpoints, directories, server);
  writeFileSync(configuration, stringify(fields));
  return kubeletCommand(
    { binary: kubelet.binary, configuration, directories, address: ownAddress() },
    endpoints,
  );
}

function makeDirectories(directories: KubeletDirectories): void {
  for (const directory of Object.values(directories) as string[]) mkdirSync(directory, { recursive: true });
  for (const [setting, value] of Object.entries(kernelSettings))
    writeFileSync(settingFile(directories.kernelSettings, setting), `${value}\n`);
  // What is mounted over has to be there; a kubelet would make these itself.
  for (const place of Object.values(fixedPlaces)) mkdirSync(place, { recursive: true });
}

/** The API server's authority is that of the certificate which it shows to agents too. */
function serverAt(
  address: KubeletAddress | undefined,
  { api }: AgentEndpoints,
  clientAuthorityFile: string,
): KubeletServer | undefined {
  if (address === undefined || api === undefined) return undefined;
  const { certificateAuthority } = readKubeconfig(api);
  // Without one nobody could be told from anybody.
  if (certificateAuthority === undefined) return undefined;
  writeFileSync(clientAuthorityFile, certificateAuthority);
  return { ...address, clientAuthorityFile };
}
