import { expect, test } from 'vitest';
import { kubeletTimings } from '../../spec/timings.js';
import { kubeletCommand } from './kubelet-command.js';
import { kubeletDirectories } from './kubelet-configuration.js';

function commandWith(api?: string, address?: string): string[] {
  return kubeletCommand(
    {
      binary: '/usr/bin/kubelet',
      configuration: '/state/kubelet/config.yaml',
      directories: kubeletDirectories('/state'),
      address,
    },
    {
      nodeName: 'node-1',
      runtime: 'unix:///cri.sock',
      stateDirectory: '/state',
      timings: kubeletTimings,
      ...(api === undefined ? {} : { api }),
    },
  );
}

test('the kubelet has mounts of its own, over what it would change for the whole machine', () => {
  const command = commandWith();
  expect(command.slice(0, 3)).toEqual(['unshare', '--mount', '--propagation=slave']);
  const mounts = command.slice(command.indexOf('sh', 5) + 1, command.indexOf('--'));
  const targets = mounts.filter((_, index) => index % 2 === 1);
  expect(targets).toEqual(
    expect.arrayContaining(['/var/lib/kubelet', '/var/log/containers', '/var/log/pods']),
  );
  expect(targets).toContain('/proc/sys/vm/overcommit_memory');
  expect(mounts.filter((_, index) => index % 2 === 0).every((path) => path.startsWith('/state/'))).toBe(true);
});

test('without an API server it is standalone, and with one it speaks JSON', () => {
  const [standalone, connected] = [commandWith(), commandWith('/state/kubeconfig', '10.0.0.2')];
  expect(standalone.join(' ')).not.toMatch(/kubeconfig|node-ip/);
  expect(connected).toEqual(
    expect.arrayContaining([
      '--kubeconfig=/state/kubeconfig',
      '--kube-api-content-type=application/json',
      '--node-ip=10.0.0.2',
      '--hostname-override=node-1',
    ]),
  );
});
