import { join } from 'node:path';
import type { AgentEndpoints } from '../../ports/driver.js';
import type { KubeletDirectories } from './kubelet-configuration.js';

/** What a kubelet writes into the kernel where it finds something else, by the path below `/proc/sys`. */
export const kernelSettings: Readonly<Record<string, number>> = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
};

/** Where kubelets put things whatever they are told, and which directory of their own is there instead. */
export const fixedPlaces = {
  fixedState: '/var/lib/kubelet',
  containerLogs: '/var/log/containers',
  // Until 1.29 it cannot be told of another, and removes from there what belongs to pods that it does not know.
  podLogs: '/var/log/pods',
} as const satisfies Partial<Record<keyof KubeletDirectories, string>>;

/** The file that stands in for a kernel setting. */
export function settingFile(directory: string, setting: string): string {
  return join(directory, setting.replaceAll('/', '.'));
}

export interface KubeletCommand {
  readonly binary: string;
  readonly configuration: string;
  readonly directories: KubeletDirectories;
  /** Of the machine, in its network. Absent: the kubelet looks for it, and may ask a name server. */
  readonly address: string | undefined;
}

/**
 * Program and arguments. The kubelet gets a view of the file system of its own, in which it mounts what it likes,
 * and in which what it would change for the whole machine is its own too; all of it goes when the process does.
 */
export function kubeletCommand(command: KubeletCommand, endpoints: AgentEndpoints): string[] {
  const { directories } = command;
  const mounts = [
    ...keysOf(fixedPlaces).map((name) => [directories[name], fixedPlaces[name]]),
    ...Object.keys(kernelSettings).map((setting) => [
      settingFile(directories.kernelSettings, setting),
      `/proc/sys/${setting}`,
    ]),
  ].flat();
  return [
    'unshare',
    '--mount',
    '--propagation=slave',
    'sh',
    '-c',
    mountAndRun,
    'sh',
    ...mounts,
    '--',
    command.binary,
    ...flags(command, endpoints),
  ];
}

function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(record) as Key[];
}

/** Mounts each pair of arguments, the first over the second, and becomes what stands behind the dashes. */
const mountAndRun =
  'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 1; shift 2; done; shift; exec "$@"';

function flags({ configuration, directories, address }: KubeletCommand, endpoints: AgentEndpoints): string[] {
  return [
    `--config=${configuration}`,
    `--root-dir=${directories.root}`,
    `--cert-dir=${directories.certificates}`,
    `--hostname-override=${endpoints.nodeName}`,
    // What it was told and what it did about it.
    '--v=2',
    ...(address === undefined ? [] : [`--node-ip=${address}`]),
    ...(endpoints.api === undefined
      ? []
      : [`--kubeconfig=${endpoints.api}`, '--kube-api-content-type=application/json']),
  ];
}
