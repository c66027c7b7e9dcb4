import { runtimeContract } from '../contract.js';
import { createCriBackend } from './cri-backend.js';

const endpoint =
  process.env['CONFORMANCE_CRI'] ?? 'unix:///run/node-agent-conformance/containerd/containerd.sock';

runtimeContract('cri', (observer) =>
  createCriBackend({
    endpoint,
    runId: `contract-${process.pid}`,
    observer,
    onFailure: (error) => void failures.push(error),
  }),
);

const failures: Error[] = [];
