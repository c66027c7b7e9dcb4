/** What kubelets write before they end, and what it is about. The first that fits counts. */
const causes: readonly (readonly [pattern: RegExp, cause: string])[] = [
  [
    /unshare: .*(Operation not permitted|failed)|mount: .*(permission denied|not permitted)/i,
    'The kubelet gets mounts of its own, and this machine does not allow that: in a container it needs --privileged, or the capability SYS_ADMIN.',
  ],
  [/address already in use/, 'A port that the kubelet wants is taken, perhaps by another kubelet.'],
  [
    /inotify_init: too many open files/,
    'There are more kubelets, or other programs that watch files, than the machine lets one user have: raise fs.inotify.max_user_instances, or give --jobs a smaller number.',
  ],
  [
    /\/dev\/kmsg/,
    'The kubelet reads the messages of the kernel, and there is no /dev/kmsg here: in a container it has to be passed in with --device /dev/kmsg.',
  ],
  [
    /strict decoding error|unknown field|unrecognized feature gate|unknown flag/,
    'This kubelet does not know what the preset for its version sets: it may have been changed since its release, or report another version than its own.',
  ],
  [
    /cgroup v1|cgroup.*(not supported|not mounted)|missing required cgroups/i,
    'The kubelet does not find the control groups that it needs: cpu, cpuacct, cpuset and memory have to be mounted below /sys/fs/cgroup.',
  ],
  [
    /Failed to start ContainerManager/,
    'The kubelet could not take charge of the resources of this machine; the line says which.',
  ],
  [
    /validate service connection|container runtime is down|CRI v1 runtime API/,
    'The kubelet could not speak to the runtime that the suite serves.',
  ],
];

/** Why a kubelet that wrote these lines ended; undefined when they tell nothing that is known. */
export function likelyCause(lines: readonly string[]): string | undefined {
  return causes.find(([pattern]) => lines.some((line) => pattern.test(line)))?.[1];
}
