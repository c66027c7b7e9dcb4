import type { LikelyCause } from '../../ports/driver.js';

/** What kubelets write before they end, whose doing it is, and what it is about. The first that fits counts. */
const causes: readonly (readonly [pattern: RegExp, of: LikelyCause['of'], words: string])[] = [
  [
    /unshare: .*(Operation not permitted|failed)|mount: .*(permission denied|not permitted)/i,
    'machine',
    'The kubelet gets mounts of its own, and this machine does not allow that: in a container it needs --privileged, or the capability SYS_ADMIN.',
  ],
  [
    /address already in use/,
    'machine',
    'A port that the kubelet wants is taken, perhaps by another kubelet.',
  ],
  [
    /inotify_init: too many open files/,
    'machine',
    'There are more kubelets, or other programs that watch files, than the machine lets one user have: raise fs.inotify.max_user_instances, or give --jobs a smaller number.',
  ],
  [
    /\/dev\/kmsg/,
    'machine',
    'The kubelet reads the messages of the kernel, and there is no /dev/kmsg here: in a container it has to be passed in with --device /dev/kmsg.',
  ],
  [
    /strict decoding error|unknown field|unrecognized feature gate|unknown flag/,
    'agent',
    'This kubelet does not know what the preset for its version sets: it may have been changed since its release, or report another version than its own.',
  ],
  [
    // Only what ends it: that the machine has cgroup v1 is told at every start, to no harm.
    /not run on a host using cgroup v1|failed to (get mounted cgroup subsystems|find cgroup mounts)|cgroup subsystem not mounted/i,
    'machine',
    'The kubelet does not find the control groups that it needs: cpu, cpuacct, cpuset and memory have to be mounted below /sys/fs/cgroup.',
  ],
  [
    /Failed to start ContainerManager/,
    'agent',
    'The kubelet could not take charge of the resources of this machine; the line says which.',
  ],
  [
    /validate service connection|container runtime is down|CRI v1 runtime API/,
    'agent',
    'The kubelet could not speak to the runtime that the suite serves.',
  ],
];

/** Why a kubelet that wrote these lines ended; undefined when they tell nothing that is known. */
export function likelyCause(lines: readonly string[]): LikelyCause | undefined {
  const found = causes.find(([pattern]) => lines.some((line) => pattern.test(line)));
  return found === undefined ? undefined : { of: found[1], words: found[2] };
}
