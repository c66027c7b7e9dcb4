import { createRealClock } from '../../core/clock.js';
import { runtimeContract } from '../contract.js';
import { createStreamingServer } from '../streaming/streaming-server.js';
import { createMemoryBackend } from './memory-backend.js';
import { createPodLogs } from './pod-logs.js';

const clock = createRealClock();

runtimeContract('memory', (observer) =>
  createMemoryBackend({
    clock,
    observer,
    logs: createPodLogs(),
    epochMs: Date.now() - clock.now(),
    streaming: createStreamingServer(),
  }),
);
