/** Of the CRI runtime that tests use: the one that scripts/setup-machine.sh starts, unless another is named. */
export const testEndpoint =
  process.env['CONFORMANCE_CRI'] ?? 'unix:///run/node-agent-conformance/containerd/containerd.sock';
