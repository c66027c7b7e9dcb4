import { runtimeContract } from '../contract.js';
import { createDockerBackend } from './docker-backend.js';

runtimeContract('docker', (observer) =>
  createDockerBackend({
    runId: `contract-${process.pid}`,
    observer,
    onFailure: (error) => {
      throw error;
    },
  }),
);
