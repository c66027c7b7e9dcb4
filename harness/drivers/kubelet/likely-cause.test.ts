import { expect, test } from 'vitest';
import type { LikelyCause } from '../../ports/driver.js';
import { likelyCause } from './likely-cause.js';

test.each<[line: string, words: RegExp, of?: LikelyCause['of']]>([
  ['unshare: unshare failed: Operation not permitted', /--privileged/],
  ['mount: /var/lib/kubelet: permission denied.', /--privileged/],
  ['err="failed to listen: listen tcp 0.0.0.0:10250: bind: address already in use"', /port .* is taken/],
  ['err="failed to run Kubelet: open /dev/kmsg: no such file or directory"', /--device \/dev\/kmsg/],
  ['"Failed to start cAdvisor" err="inotify_init: too many open files"', /max_user_instances/],
  ['strict decoding error: unknown field "failCgroupV1"', /does not know what the preset/, 'agent'],
  ['Error: unknown flag: --kube-api-content-type', /does not know what the preset/, 'agent'],
  ['"command failed" err="kubelet is configured to not run on a host using cgroup v1"', /control groups/],
  [
    '"command failed" err="failed to run Kubelet: failed to get mounted cgroup subsystems: x"',
    /control groups/,
  ],
  ['err="system validation failed - Following Cgroup subsystem not mounted: [cpu]"', /control groups/],
  ['"Failed to start ContainerManager" err="system validation failed"', /resources of this machine/, 'agent'],
  [
    'validate service connection: validate CRI v1 runtime API for endpoint',
    /could not speak to the runtime/,
    'agent',
  ],
])('%s', (line, words, of = 'machine') => {
  const cause = likelyCause(['I1124 something before', line, 'Error: something after']);
  expect(cause?.words).toMatch(words);
  expect(cause?.of).toBe(of);
});

test('what every kubelet warns of on a machine with cgroup v1 is no cause', () => {
  const warning =
    '"Warning: cgroup check" error="cgroup v1 detected. cgroup v1 support is in maintenance mode, please migrate to cgroup v2"';
  const event =
    '"Event occurred" reason="CgroupV1" message="cgroup v1 detected. cgroup v1 support is deprecated and will be removed"';
  expect(likelyCause([warning, event, 'panic: runtime error'])).toBeUndefined();
  const lines = [warning, 'validate service connection: validate CRI v1 runtime API for endpoint'];
  expect(likelyCause(lines)?.of).toBe('agent');
});

test('says nothing where nothing is known', () => {
  expect(likelyCause([])).toBeUndefined();
  expect(likelyCause(['panic: runtime error: index out of range'])).toBeUndefined();
});
