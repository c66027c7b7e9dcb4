import { expect, test } from 'vitest';
import { checkKubeletVersion, parseKubeletVersion } from './kubelet-version.js';

test.each([
  ['Kubernetes v1.36.2\n', { text: 'v1.36.2', minor: 36 }],
  ['Kubernetes v1.29.0-rc.1+k3s1', { text: 'v1.29.0-rc.1+k3s1', minor: 29 }],
  ['a warning\nKubernetes v1.31.4\n', { text: 'v1.31.4', minor: 31 }],
  ['Kubernetes v2.0.0', undefined],
  ['containerd v1.36.2', undefined],
  ['', undefined],
])('reads %j', (output, version) => {
  expect(parseKubeletVersion(output)).toEqual(version);
});

test.each([
  ['v1.28.15', 28, 'kubelet-too-old'],
  ['v1.29.0', 29, undefined],
  ['v1.36.9', 36, undefined],
  ['v1.37.0', 37, 'kubelet-too-new'],
])('%s is in the range of the preset, or the refusal names it', (text, minor, code) => {
  const check = (): void => checkKubeletVersion({ text, minor }, '/usr/bin/kubelet');
  if (code === undefined) expect(check).not.toThrow();
  else
    expect(check).toThrow(
      expect.objectContaining({ code, exitCode: 69, got: text, expected: 'a kubelet from v1.29 to v1.36' }),
    );
});
